package io.dragonfly.internal.loop;

import java.time.Duration;
import java.util.function.DoubleSupplier;

/**
 * How long to wait before the next try: twice as long each time, up to a limit, and a random part
 * of a half less, so that many who lost the same thing do not come back at once. Not safe for
 * concurrent use.
 */
public final class Backoff {
  private final Duration first;
  private final Duration most;
  private final DoubleSupplier random;
  private int tries;

  /**
   * Waits.
   *
   * @param random numbers from 0 on and before 1
   */
  public Backoff(Duration first, Duration most, DoubleSupplier random) {
    this.first = first;
    this.most = most;
    this.random = random;
  }

  /** Returns how long to wait now. */
  public Duration next() {
    long nanos = first.toNanos() << Math.min(tries, 20);
    tries++;
    long bounded = Math.min(nanos, most.toNanos());
    return Duration.ofNanos(bounded - (long) (0.5 * bounded * random.getAsDouble()));
  }

  /** Returns how many waits there were since the last success. */
  public int tries() {
    return tries;
  }

  /** Starts anew: it worked. */
  public void reset() {
    tries = 0;
  }
}
