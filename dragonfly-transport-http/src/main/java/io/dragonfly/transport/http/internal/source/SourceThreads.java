package io.dragonfly.transport.http.internal.source;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The threads on which questions wait for their answers: as many as there are open questions. */
final class SourceThreads implements AutoCloseable {
  private static final long KEEP_SECONDS = 5;
  private static final long CLOSE_SECONDS = 5;

  private final AtomicInteger number = new AtomicInteger();
  private final ThreadPoolExecutor pool =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE,
          KEEP_SECONDS,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          this::newThread,
          new ThreadPoolExecutor.DiscardPolicy());

  /** Runs a task; it is dropped if this is closed. */
  void execute(Runnable task) {
    pool.execute(task);
  }

  ExecutorService executor() {
    return pool;
  }

  private Thread newThread(Runnable work) {
    Thread thread = new Thread(work, "dragonfly-source-" + number.incrementAndGet());
    thread.setDaemon(true);
    return thread;
  }

  /** Waits for the threads to end, 5 s at most: one may be stuck in the resolver. */
  @Override
  public void close() {
    pool.shutdownNow();
    try {
      pool.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
