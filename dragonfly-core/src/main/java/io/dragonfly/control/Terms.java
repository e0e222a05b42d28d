package io.dragonfly.control;

import io.dragonfly.peer.PeerId;
import java.time.Duration;
import java.time.Instant;

/**
 * The supernode that responded, and for how long the response is valid. Capabilities expire by the
 * supernode's time, so peers use its clock instead of their own.
 *
 * @param supernode the id under which the supernode uploads pieces
 * @param now the supernode's time of the response
 * @param lease a peer that sends nothing for this long is removed
 */
public record Terms(PeerId supernode, Instant now, Duration lease) {}
