package io.dragonfly.control;

import io.dragonfly.peer.PeerId;

/**
 * The result of downloading one piece from one parent.
 *
 * @param piece number of the piece
 * @param parent the parent; the reporting peer itself for a piece from the source
 * @param outcome the result
 * @param micros microseconds from the request to the last byte; 0 if nothing arrived
 */
public record PieceResult(int piece, PeerId parent, Outcome outcome, long micros) {}
