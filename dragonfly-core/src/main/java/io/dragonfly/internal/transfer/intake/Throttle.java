package io.dragonfly.internal.transfer.intake;

import io.dragonfly.spi.RateLimiter;
import java.util.List;

/** Several limits that hold at once, such as a download's own and its client's. */
public final class Throttle {
  private final List<RateLimiter> limiters;

  /** The strictest of these holds. */
  public Throttle(List<RateLimiter> limiters) {
    this.limiters = List.copyOf(limiters);
  }

  /** Counts bytes and returns nanoseconds to pause; 0 to go on at once. */
  public long take(long bytes) {
    long pause = 0;
    for (RateLimiter limiter : limiters) {
      pause = Math.max(pause, limiter.take(bytes));
    }
    return pause;
  }
}
