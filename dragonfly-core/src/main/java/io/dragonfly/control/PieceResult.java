package io.dragonfly.control;

import io.dragonfly.peer.PeerId;

/**
 * How taking one piece from one parent ended.
 *
 * @param piece its number
 * @param parent who gave it or should have; the reporter itself for a piece read from the source
 * @param outcome how it ended
 * @param micros microseconds from the request to the last byte; 0 if nothing came
 */
public record PieceResult(int piece, PeerId parent, Outcome outcome, long micros) {}
