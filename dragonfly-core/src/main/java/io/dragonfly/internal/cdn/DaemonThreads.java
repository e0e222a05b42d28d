package io.dragonfly.internal.cdn;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedTransferQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes pools of named daemon threads, which end when they have had nothing to do for a while. */
public final class DaemonThreads {
  private static final Logger log = LoggerFactory.getLogger(DaemonThreads.class);
  private static final Duration IDLE = Duration.ofSeconds(10);
  private static final Duration END = Duration.ofSeconds(10);

  private DaemonThreads() {}

  /**
   * Creates a pool with a maximum number of threads. A task goes to an idle thread, or else to a
   * new one; it waits if the maximum is reached. A pool with an unbounded queue would start a
   * thread for each task up to its core size, even if others are idle.
   */
  public static ExecutorService pool(String name, int most) {
    return new ThreadPoolExecutor(
        0,
        most,
        IDLE.toMillis(),
        TimeUnit.MILLISECONDS,
        new IdleFirst(),
        named(name),
        DaemonThreads::enqueue);
  }

  /** Queues a task, because all threads are busy. */
  private static void enqueue(Runnable task, ThreadPoolExecutor pool) {
    if (pool.isShutdown()) {
      throw new RejectedExecutionException("shut down: " + pool);
    }
    pool.getQueue().add(task);
    // All threads may have ended just before, or the pool may have been shut down.
    if ((pool.getPoolSize() == 0 || pool.isShutdown()) && pool.remove(task)) {
      pool.execute(task);
    }
  }

  /** A queue whose {@code offer}, which a pool calls first, succeeds only for an idle thread. */
  private static final class IdleFirst extends LinkedTransferQueue<Runnable> {
    private static final long serialVersionUID = 1;

    @Override
    public boolean offer(Runnable task) {
      return tryTransfer(task);
    }
  }

  /** Makes a timer with one thread. When it is shut down, what is not due yet is dropped. */
  public static ScheduledThreadPoolExecutor timer(String name) {
    ScheduledThreadPoolExecutor timer = new ScheduledThreadPoolExecutor(1, named(name));
    timer.setRemoveOnCancelPolicy(true);
    timer.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    return timer;
  }

  private static ThreadFactory named(String name) {
    AtomicInteger numbers = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + numbers.incrementAndGet());
      thread.setDaemon(true);
      thread.setUncaughtExceptionHandler(
          (dead, failure) -> log.error("thread {} failed", dead.getName(), failure));
      return thread;
    };
  }

  /** Runs something later, unless the timer is shut down by then. What it throws is logged. */
  public static void later(ScheduledExecutorService timer, Duration delay, Runnable work) {
    try {
      Future<?> unused = timer.schedule(logged(work), delay.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      log.debug("not done later, since the timer is shut down: {}", e.toString());
    }
  }

  private static Runnable logged(Runnable work) {
    return () -> {
      try {
        work.run();
      } catch (RuntimeException e) {
        log.error("a timed step failed", e);
      }
    };
  }

  /** Waits until pools that were shut down have no thread left, 10 s at most for all together. */
  public static void awaitEnd(ExecutorService... pools) {
    long deadline = System.nanoTime() + END.toNanos();
    boolean interrupted = false;
    for (ExecutorService pool : pools) {
      interrupted |= !awaitEnd(pool, deadline);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Returns false if the wait was interrupted; it goes on all the same. */
  private static boolean awaitEnd(ExecutorService pool, long deadline) {
    boolean calm = true;
    while (true) {
      try {
        if (!pool.awaitTermination(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)) {
          log.warn("threads did not end within {} s: {}", END.toSeconds(), pool);
        }
        return calm;
      } catch (InterruptedException e) {
        calm = false;
      }
    }
  }
}
