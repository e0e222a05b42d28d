package io.dragonfly.transport.http.internal.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/** How fast pieces come in, over all connections together. Safe for concurrent use. */
final class LinkRate {
  private static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** After so long without a byte the link was not in use, and a window begins anew. */
  private static final long IDLE_NANOS = WINDOW_NANOS / 2;

  private static final int WINDOWS = 8;

  @GuardedBy("this")
  private final long[] rates = new long[WINDOWS];

  @GuardedBy("this")
  private int window;

  @GuardedBy("this")
  private long startNanos;

  @GuardedBy("this")
  private long lastNanos;

  @GuardedBy("this")
  private long bytes;

  /** Bytes have come. */
  synchronized void received(long nowNanos, int count) {
    if (nowNanos - lastNanos > IDLE_NANOS) {
      startNanos = nowNanos; // what came with it had more time than is known
      bytes = 0;
    } else {
      bytes += count;
    }
    lastNanos = nowNanos;
    long elapsed = nowNanos - startNanos;
    if (elapsed >= WINDOW_NANOS) {
      rates[window] = bytes * TimeUnit.SECONDS.toNanos(1) / elapsed;
      window = (window + 1) % WINDOWS;
      startNanos = nowNanos;
      bytes = 0;
    }
  }

  /** Returns the most of the last four seconds in use, in bytes per second; 0 while unknown. */
  synchronized long bytesPerSecond() {
    return Arrays.stream(rates).max().orElse(0);
  }
}
