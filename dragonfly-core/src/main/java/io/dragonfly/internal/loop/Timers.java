package io.dragonfly.internal.loop;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/** Time as an engine sees it: a clock, and what waits for it. Safe for concurrent use. */
public final class Timers implements AutoCloseable {
  /** Half of what a number of nanoseconds can say, so that such times can be added. */
  private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE / 2);

  private final ScheduledExecutorService executor;
  private final LongSupplier nanoClock;
  private final ActiveClock activeClock;

  /**
   * Time from elsewhere; tests have one that they move themselves.
   *
   * @param executor runs what waits; is shut down with these timers
   * @param nanoClock monotonic nanoseconds, as {@link System#nanoTime} has them
   */
  public Timers(ScheduledExecutorService executor, LongSupplier nanoClock) {
    this(executor, nanoClock, ActiveClock.of(nanoClock, executor));
  }

  private Timers(
      ScheduledExecutorService executor, LongSupplier nanoClock, ActiveClock activeClock) {
    this.executor = executor;
    this.nanoClock = nanoClock;
    this.activeClock = activeClock;
  }

  /** Real time, on one thread of this name. */
  public static Timers system(String threadName) {
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(1, Threads.named(threadName));
    executor.setRemoveOnCancelPolicy(true);
    return new Timers(executor, System::nanoTime, ActiveClock.ofProcess(executor));
  }

  /** Returns monotonic nanoseconds: real time, for rates and for what is shown. */
  public long nanos() {
    return nanoClock.getAsLong();
  }

  /** Returns the clock that timeouts are measured with. */
  public ActiveClock activeClock() {
    return activeClock;
  }

  /** Returns what runs tasks at their time; they must be quick. */
  public ScheduledExecutorService executor() {
    return executor;
  }

  /** Returns how long that is: what is longer than 146 years is that long. */
  public static long nanosOf(Duration time) {
    return time.compareTo(LONGEST) > 0 ? LONGEST.toNanos() : time.toNanos();
  }

  /** Runs a quick task once, after a delay. */
  Timer after(Duration delay, Runnable task) {
    try {
      Future<?> future = executor.schedule(task, nanosOf(delay), TimeUnit.NANOSECONDS);
      return () -> future.cancel(false);
    } catch (RejectedExecutionException e) {
      return () -> {}; // closed: nobody is left who waits for the task
    }
  }

  /** A task that waits for its time. */
  public interface Timer {
    /** Drops the task unless it has begun. */
    void cancel();
  }

  /** Drops what waits and ends the thread. */
  @Override
  public void close() {
    executor.shutdownNow();
    Threads.awaitEnd(executor);
  }
}
