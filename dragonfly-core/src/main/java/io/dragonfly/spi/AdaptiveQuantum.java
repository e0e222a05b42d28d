package io.dragonfly.spi;

import java.time.Duration;

/**
 * How many bytes to move between two questions to a {@link RateLimiter}: many while it asks for no
 * pause, and so few else that no pause is long. It starts with few and learns from each pause. Safe
 * for concurrent use by those who ask the same limiter.
 */
public final class AdaptiveQuantum {
  private static final int LEAST_BYTES = 1 << 10;
  private static final int FIRST_BYTES = 16 << 10;
  private static final long LONG_NANOS = Duration.ofMillis(100).toNanos();
  private static final long SHORT_NANOS = Duration.ofMillis(20).toNanos();

  private final int mostBytes;
  private volatile int bytes;

  /**
   * A portion that has learned nothing.
   *
   * @param mostBytes it never grows beyond these
   */
  public AdaptiveQuantum(int mostBytes) {
    this.mostBytes = mostBytes;
    this.bytes = Math.min(FIRST_BYTES, mostBytes);
  }

  /** Returns how many bytes to move next; at least 1 KiB, or what is the most. */
  public int bytes() {
    return bytes;
  }

  /**
   * Learns which pause came of the last portion.
   *
   * @param nanos the limiter's answer; 0 for no pause
   */
  public void paused(long nanos) {
    int now = bytes;
    if (nanos < SHORT_NANOS) {
      bytes = (int) Math.min(mostBytes, 2L * now);
    } else if (nanos > LONG_NANOS) {
      long fewer = Math.max(now / 8, now * LONG_NANOS / nanos);
      bytes = (int) Math.min(mostBytes, Math.max(LEAST_BYTES, fewer));
    }
  }
}
