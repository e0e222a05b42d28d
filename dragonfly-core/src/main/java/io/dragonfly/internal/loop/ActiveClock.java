package io.dragonfly.internal.loop;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Monotonic nanoseconds for timeouts. The clock stands still while this process is stopped, and
 * slows down while its threads wait for a processor. So a timeout measures how long the other side
 * is silent, and not how long this process could not run.
 *
 * <p>Threads call {@link #beat} every {@link #BEAT}. A late beat shows a pause. Safe for concurrent
 * use.
 */
public final class ActiveClock implements LongSupplier {
  /** How often a thread beats. */
  public static final Duration BEAT = Duration.ofMillis(500);

  /** The clock stops this long after a beat until the next one comes. */
  private static final long MOST_NANOS = BEAT.plusMillis(100).toNanos();

  /** A beat that comes sooner after another one does nothing: to read processor times is costly. */
  private static final long LEAST_NANOS = BEAT.minusMillis(100).toNanos();

  /** A program with hundreds of busy threads must not wait for ever for a peer that is silent. */
  private static final double LEAST_SPEED = 1.0 / 16;

  private static final ActiveClock PROCESS = new ActiveClock(System::nanoTime, ProcessorTime::now);

  /**
   * Waiting between two beats that is usual on a machine that is not busy. The beat itself does not
   * show a busy machine: the system lets threads run soon that seldom want to.
   */
  private static final long USUAL_NANOS = Duration.ofMillis(10).toNanos();

  private final LongSupplier nanoClock;
  private final Supplier<ProcessorTime> processorTime;
  private volatile Reading last;

  @GuardedBy("this")
  private ProcessorTime lastTime;

  /** Real time and active time of the last beat, and how fast the clock runs since then. */
  private record Reading(long nanos, long activeNanos, double speed) {
    long activeAt(long now) {
      return activeNanos + (long) (speed * Math.min(now - nanos, MOST_NANOS));
    }
  }

  /**
   * A clock that somebody must {@link #beat}.
   *
   * @param nanoClock real time: monotonic nanoseconds, as {@link System#nanoTime} has them
   * @param processorTime tells the processor time of this process
   */
  ActiveClock(LongSupplier nanoClock, Supplier<ProcessorTime> processorTime) {
    this.nanoClock = nanoClock;
    this.processorTime = processorTime;
    this.lastTime = processorTime.get();
    long now = nanoClock.getAsLong();
    this.last = new Reading(now, now, 1);
  }

  /** Returns the clock of this process. Its users must {@link #beat}. */
  public static ActiveClock ofProcess() {
    return PROCESS;
  }

  /** Returns the clock of this process, on which a timer beats until it is shut down. */
  public static ActiveClock ofProcess(ScheduledExecutorService timer) {
    PROCESS.beatNext(timer);
    return PROCESS;
  }

  /** Makes a clock that notices only pauses of this timer, which beats until it is shut down. */
  public static ActiveClock of(LongSupplier nanoClock, ScheduledExecutorService timer) {
    ProcessorTime none = new ProcessorTime(0, 0);
    ActiveClock clock = new ActiveClock(nanoClock, () -> none);
    clock.beatNext(timer);
    return clock;
  }

  void beatNext(ScheduledExecutorService timer) {
    try {
      var unused =
          timer.schedule(
              () -> {
                try {
                  beat();
                } finally {
                  beatNext(timer);
                }
              },
              BEAT.toNanos(),
              TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      return; // nobody measures timeouts any more
    }
  }

  @Override
  public long getAsLong() {
    Reading reading = last; // before the time is read: otherwise the clock could go back
    return reading.activeAt(nanoClock.getAsLong());
  }

  /** Shows that this process runs. */
  public synchronized void beat() {
    Reading before = last;
    long now = nanoClock.getAsLong();
    if (now - before.nanos < LEAST_NANOS) {
      return;
    }
    ProcessorTime time = processorTime.get();
    ProcessorTime added = time.since(lastTime);
    if (time.isKnown()) {
      lastTime = time;
    }
    double had = added.ranNanos() + USUAL_NANOS;
    double share = had / (had + added.waitedNanos());
    double speed = Math.max(LEAST_SPEED, Math.min(1, 2 * share));
    last = new Reading(now, before.activeAt(now), speed);
  }
}
