package io.dragonfly.internal.transfer.intake;

import io.dragonfly.spi.RateLimiter;
import java.time.Duration;

/** The limits that hold for what a download takes: its own, and that of its client's network. */
public final class Throttle {
  /** A pause is checked this often. It ends early if others leave more or a limit is raised. */
  static final Duration LOOK_EVERY = Duration.ofMillis(100);

  private final RateLimiter own;
  private final RateLimiter network;

  /**
   * Both hold at once.
   *
   * @param own the download's own limiter
   * @param network the limiter of all that its client takes from the network
   */
  public Throttle(RateLimiter own, RateLimiter network) {
    this.own = own;
    this.network = network;
  }

  /**
   * Counts bytes and returns nanoseconds to pause; 0 to go on at once.
   *
   * @param overNetwork whether they came over the network, or from this very process
   */
  public long take(long bytes, boolean overNetwork) {
    long pause = own.take(bytes);
    return overNetwork ? Math.max(pause, network.take(bytes)) : pause;
  }

  /** A pause that ends early if a limit is raised meanwhile. Not safe for concurrent use. */
  public final class Pause {
    private final boolean overNetwork;
    private final long endNanos;

    /** A pause that begins now. */
    public Pause(long nanos, boolean overNetwork, long nowNanos) {
      this.overNetwork = overNetwork;
      this.endNanos = nowNanos + nanos;
    }

    /** Returns how long to wait before asking again; zero if the pause is over. */
    public Duration left(long nowNanos) {
      long left = Math.min(endNanos - nowNanos, take(0, overNetwork));
      return left <= 0 ? Duration.ZERO : Duration.ofNanos(Math.min(left, LOOK_EVERY.toNanos()));
    }
  }
}
