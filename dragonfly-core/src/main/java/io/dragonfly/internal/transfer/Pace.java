package io.dragonfly.internal.transfer;

import io.dragonfly.rate.Rate;
import java.time.Duration;

/**
 * Whether a fetch is fast enough: it may take {@link #GRACE} and the time that its bytes so far
 * need at the least rate. Time in which it waits for nobody but its reader does not count. Confined
 * to the loop.
 */
final class Pace {
  /** A fetch of however few bytes may take so long. */
  static final Duration GRACE = Duration.ofSeconds(10);

  /** How often to look. */
  static final Duration LOOK_EVERY = Duration.ofSeconds(1);

  private static final double SECOND = Duration.ofSeconds(1).toNanos();

  private final Rate least;
  private long lastNanos;
  private long spentNanos;

  Pace(Rate least, long startNanos) {
    this.least = least;
    this.lastNanos = startNanos;
  }

  Rate least() {
    return least;
  }

  /** Returns the time that counts. */
  Duration spent() {
    return Duration.ofNanos(spentNanos);
  }

  /**
   * Tells whether too few bytes have come by now.
   *
   * @param waits whether there was something to wait for since the last question
   */
  boolean isTooSlow(long nowNanos, boolean waits, long bytes) {
    if (waits) {
      spentNanos += nowNanos - lastNanos;
    }
    lastNanos = nowNanos;
    double allowed = GRACE.toNanos() + bytes * SECOND / least.bytesPerSecond();
    return waits && spentNanos > allowed;
  }
}
