package io.dragonfly.control;

import io.dragonfly.peer.PeerId;
import java.time.Duration;
import java.time.Instant;

/**
 * Who answered, and for how long the answer holds. Capabilities expire in the supernode's time, so
 * peers follow its clock and not their own.
 *
 * @param supernode the id under which the supernode itself gives pieces, from its CDN cache
 * @param now the supernode's time when it answered
 * @param lease a peer that is not heard of for this long is gone
 */
public record Terms(PeerId supernode, Instant now, Duration lease) {}
