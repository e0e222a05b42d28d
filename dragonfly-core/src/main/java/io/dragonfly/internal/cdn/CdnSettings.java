package io.dragonfly.internal.cdn;

import io.dragonfly.spi.RateLimiter;
import java.time.Duration;

/**
 * How sources are read.
 *
 * @param stallTimeout how long a source may take to connect, to answer, or to bring the next byte
 * @param giveUp how long a read that gets no further is resumed before it is given up
 * @param reads how many sources are read at once; who comes later waits in line
 * @param firstPause the pause before a read is resumed; doubled each time that it gets no further
 * @param longestPause where the doubling ends
 * @param limiter of all that is read
 */
public record CdnSettings(
    Duration stallTimeout,
    Duration giveUp,
    int reads,
    Duration firstPause,
    Duration longestPause,
    RateLimiter limiter) {
  /** The usual numbers. */
  public static CdnSettings of(Duration stallTimeout, Duration giveUp, RateLimiter limiter) {
    return new CdnSettings(
        stallTimeout, giveUp, 32, Duration.ofMillis(100), Duration.ofSeconds(5), limiter);
  }
}
