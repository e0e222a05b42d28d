package io.dragonfly.control;

import java.time.Duration;
import java.time.Instant;

/**
 * For how long an answer holds. Capabilities expire in the supernode's time, so peers follow its
 * clock and not their own.
 *
 * @param now the supernode's time when it answered
 * @param lease a peer that is not heard of for this long is gone
 */
public record Terms(Instant now, Duration lease) {}
