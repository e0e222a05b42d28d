package io.dragonfly.testkit;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;

/**
 * Time that a test owns: it stands still until {@link #advance}. As a {@link LongSupplier} it is
 * what {@link System#nanoTime} is elsewhere. Safe for concurrent use.
 */
public final class FakeTicker implements LongSupplier {
  /** What {@link #clock} shows at first. */
  public static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  // Not 0, so that who takes an absolute value for a duration is found out.
  private static final long FIRST_NANOS = Duration.ofDays(100).toNanos();

  private final AtomicLong nanos = new AtomicLong(FIRST_NANOS);
  private final AtomicReference<Duration> clockStep = new AtomicReference<>(Duration.ZERO);
  private final FakeTimer timer = new FakeTimer(this);

  @Override
  public long getAsLong() {
    return nanos.get();
  }

  /**
   * Moves the time on, in steps from one timer to the next: each runs on this thread, at the time
   * that it is set to.
   */
  public void advance(Duration duration) {
    long end = Math.addExact(nanos.get(), duration.toNanos());
    timer.runUntil(end);
    moveTo(end);
  }

  /**
   * Moves the time on as if this process had been stopped meanwhile: what is due runs late, at the
   * next {@link #advance}.
   */
  public void pass(Duration duration) {
    moveTo(Math.addExact(nanos.get(), duration.toNanos()));
  }

  void moveTo(long time) {
    nanos.accumulateAndGet(time, Math::max);
  }

  /** Sets the time of day off by a step from now on, as an operator or NTP does. */
  public void setClock(Duration step) {
    clockStep.set(step);
  }

  /** Returns a clock that goes with this time, and with the step of {@link #setClock}. */
  public Clock clock() {
    return new FakeClock(ZoneOffset.UTC);
  }

  /**
   * Returns an executor whose threads are the calls of {@link #advance}. What is given to it
   * without a delay runs at the next of them, one by {@link Duration#ZERO} included.
   */
  public ScheduledExecutorService timer() {
    return timer;
  }

  /** Returns how many tasks the timer holds that have neither run nor been cancelled. */
  public int timersSet() {
    return timer.size();
  }

  private final class FakeClock extends Clock {
    private final ZoneId zone;

    FakeClock(ZoneId zone) {
      this.zone = zone;
    }

    @Override
    public ZoneId getZone() {
      return zone;
    }

    @Override
    public Clock withZone(ZoneId other) {
      return new FakeClock(other);
    }

    @Override
    public Instant instant() {
      return START.plus(clockStep.get()).plusNanos(nanos.get() - FIRST_NANOS);
    }
  }
}
