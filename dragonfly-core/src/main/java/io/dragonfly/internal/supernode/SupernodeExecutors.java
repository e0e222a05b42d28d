package io.dragonfly.internal.supernode;

import java.time.InstantSource;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The time, and the threads that things are done on.
 *
 * @param nanos monotonic nanoseconds
 * @param activeNanos the same, without the time in which this process could not run: for leases
 * @param answers runs what does not block, in order
 * @param work runs what may block on a disk or a connection
 */
record SupernodeExecutors(
    InstantSource clock,
    LongSupplier nanos,
    LongSupplier activeNanos,
    ScheduledExecutorService timer,
    Executor answers,
    Executor work) {
  private static final Logger log = LoggerFactory.getLogger(SupernodeExecutors.class);

  void soon(Runnable quick) {
    execute(answers, quick);
  }

  void work(Runnable slow) {
    execute(work, slow);
  }

  private static void execute(Executor executor, Runnable task) {
    try {
      executor.execute(task);
    } catch (RejectedExecutionException e) {
      log.debug("not done, since the supernode is closing: {}", e.toString());
    }
  }
}
