package io.dragonfly.spi;

import io.dragonfly.rate.Rate;
import java.util.Optional;

/**
 * Holds a flow of bytes to a rate. Safe for concurrent use; see {@code RateLimiterContract}. Never
 * blocks: who takes is told how long to pause.
 */
public interface RateLimiter {
  /**
   * Takes this many bytes, more than there are if need be. Who takes 0 takes nothing, and learns
   * how long the pause would be now: who pauses for long asks so now and then, for the rate may
   * have been raised.
   *
   * @return nanoseconds to pause before the next bytes; 0 to go on at once
   */
  long take(long bytes);

  /** Changes the rate at once; empty is without limit. */
  void setRate(Optional<Rate> rate);
}
