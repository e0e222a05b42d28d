package io.dragonfly.internal.loop;

import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Threads that may block on a disk, a source, or somebody's code. As many as there is work at once:
 * who gives the work bounds it. Safe for concurrent use.
 */
public final class IoThreads implements Executor, AutoCloseable {
  private final ThreadPoolExecutor pool;

  /** Makes no thread yet. */
  public IoThreads(String threadName) {
    pool =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            10,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            Threads.numbered(threadName));
  }

  /** Makes threads that do one thing after the other. */
  public static IoThreads single(String threadName) {
    return new IoThreads(
        new ThreadPoolExecutor(
            1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), Threads.named(threadName)));
  }

  private IoThreads(ThreadPoolExecutor pool) {
    this.pool = pool;
  }

  @Override
  public void execute(Runnable task) {
    pool.execute(task);
  }

  /** Calls something that may block. The future fails with what it throws. */
  public <T> CompletableFuture<T> call(Callable<T> callable) {
    CompletableFuture<T> result = new CompletableFuture<>();
    try {
      pool.execute(() -> complete(result, callable));
    } catch (RejectedExecutionException e) {
      result.completeExceptionally(e);
    }
    return result;
  }

  /** Runs something that may block and that {@code cancel(true)} of the result interrupts. */
  public Future<?> interruptibly(Runnable task) {
    FutureTask<?> future = new FutureTask<>(task, null);
    try {
      pool.execute(future);
    } catch (RejectedExecutionException e) {
      future.cancel(false);
    }
    return future;
  }

  private static <T> void complete(CompletableFuture<T> result, Callable<T> callable) {
    try {
      result.complete(callable.call());
    } catch (Throwable e) {
      // Any failure must reach the caller that waits for the result.
      result.completeExceptionally(e);
    }
  }

  /** Takes no more work and waits until what runs has ended. Interrupts nobody. */
  @Override
  public void close() {
    pool.shutdown();
    Threads.awaitEnd(pool);
  }
}
