package io.dragonfly.internal.loop;

import java.time.Duration;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that owns state: what runs on it needs no lock, and must never block. Safe for
 * concurrent use.
 */
public final class EventLoop implements Executor, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EventLoop.class);

  private static final long LEAST_WAIT_NANOS = Duration.ofMillis(1).toNanos();

  private final ExecutorService thread;
  private final Timers timers;

  /** Starts the thread. */
  public EventLoop(String threadName, Timers timers) {
    this.thread = Executors.newSingleThreadExecutor(Threads.named(threadName));
    this.timers = timers;
  }

  /** Runs a task after those that wait already; drops it once the loop is closed. */
  @Override
  public void execute(Runnable task) {
    if (!tryExecute(task)) {
      LOG.debug("The loop is closed, an event is dropped");
    }
  }

  /** The same, and returns false if the loop is closed: then the task never runs. */
  public boolean tryExecute(Runnable task) {
    try {
      thread.execute(() -> Continuations.run(task));
      return true;
    } catch (RejectedExecutionException e) {
      return false;
    }
  }

  /** Runs a task on the loop after a delay. A timer that is cancelled on the loop never runs. */
  public Timers.Timer after(Duration delay, Runnable task) {
    AtomicBoolean dropped = new AtomicBoolean();
    Timers.Timer timer =
        timers.after(
            delay,
            () ->
                execute(
                    () -> {
                      if (!dropped.get()) {
                        task.run();
                      }
                    }));
    return () -> {
      dropped.set(true);
      timer.cancel();
    };
  }

  /**
   * Runs a task on the loop when a timeout is over, measured with the {@link ActiveClock}: later
   * than after a delay if this process could not run meanwhile. A timer that is cancelled on the
   * loop never runs.
   */
  public Timers.Timer timeout(Duration timeout, Runnable task) {
    return new Timeout(Timers.nanosOf(timeout), task);
  }

  /** Waits again, each time that a timer ends, for what is left by then. Confined to the loop. */
  private final class Timeout implements Timers.Timer {
    private final long endNanos;
    private final Runnable task;
    private volatile Timers.Timer timer;

    Timeout(long nanos, Runnable task) {
      this.endNanos = activeNanos() + nanos;
      this.task = task;
      this.timer = after(Duration.ofNanos(nanos), this::look);
    }

    private void look() {
      long left = endNanos - activeNanos();
      if (left <= 0) {
        task.run();
      } else {
        timer = after(Duration.ofNanos(Math.max(left, LEAST_WAIT_NANOS)), this::look);
      }
    }

    @Override
    public void cancel() {
      timer.cancel();
    }
  }

  /** Tells the loop how a stage ended: by its value, or by what went wrong. */
  public <T> void when(CompletionStage<T> stage, Consumer<T> done, Consumer<Throwable> failed) {
    Continuations.whenDone(
        stage,
        (value, failure) ->
            execute(
                () -> {
                  if (failure == null) {
                    done.accept(value);
                  } else {
                    failed.accept(failure);
                  }
                }));
  }

  /** Returns monotonic nanoseconds: real time, for rates and for what is shown. */
  public long nanos() {
    return timers.nanos();
  }

  /** Returns the nanoseconds that timeouts are measured with, see {@link ActiveClock}. */
  public long activeNanos() {
    return timers.activeClock().getAsLong();
  }

  /** Runs what waits and ends the thread. */
  @Override
  public void close() {
    thread.shutdown();
    Threads.awaitEnd(thread);
  }
}
