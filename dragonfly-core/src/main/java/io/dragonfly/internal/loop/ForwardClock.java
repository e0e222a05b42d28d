package io.dragonfly.internal.loop;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/**
 * The time of day, except that it never goes back. After the clock of the machine was set back,
 * this clock runs at half speed until the time of day has caught up with it.
 *
 * <p>Expiry times that are compared with each other need it: a right that is granted after another
 * one was revoked must also expire after it. Safe for concurrent use.
 */
public final class ForwardClock implements InstantSource {
  private final InstantSource timeOfDay;
  private final LongSupplier nanos;

  @GuardedBy("this")
  private Instant last;

  @GuardedBy("this")
  private long lastNanos;

  /**
   * Starts at the time of day.
   *
   * @param nanos monotonic nanoseconds, as {@link System#nanoTime} has them
   */
  public ForwardClock(InstantSource timeOfDay, LongSupplier nanos) {
    this.timeOfDay = timeOfDay;
    this.nanos = nanos;
    this.last = timeOfDay.instant();
    this.lastNanos = nanos.getAsLong();
  }

  @Override
  public synchronized Instant instant() {
    long now = nanos.getAsLong();
    Instant least = last.plusNanos(Math.max(0, now - lastNanos) / 2);
    Instant time = timeOfDay.instant();
    last = time.isBefore(least) ? least : time;
    lastNanos = now;
    return last;
  }
}
