package io.dragonfly.transport.http.internal.proxy;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** The threads that work on requests: one for each, and no more than there may be connections. */
final class ProxyThreads implements AutoCloseable {
  private static final long KEEP_SECONDS = 10;
  private static final long CLOSE_MILLIS = 5_000;

  private final AtomicInteger number = new AtomicInteger();
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
  private final ThreadPoolExecutor pool;

  ProxyThreads(int most) {
    // One more for each: a connection's next request may begin before its last one's thread is
    // free.
    this.pool =
        new ThreadPoolExecutor(
            0, 2 * most, KEEP_SECONDS, TimeUnit.SECONDS, new SynchronousQueue<>(), this::newThread);
  }

  /**
   * Runs a task.
   *
   * @throws java.util.concurrent.RejectedExecutionException if this is closed
   */
  void execute(Runnable task) {
    pool.execute(task);
  }

  private Thread newThread(Runnable work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } finally {
                threads.remove(Thread.currentThread());
              }
            },
            "dragonfly-proxy-" + number.incrementAndGet());
    thread.setDaemon(true);
    threads.add(thread);
    return thread;
  }

  /**
   * Interrupts what runs and waits for the threads, 5 s at most. An interrupt is kept for later.
   */
  @Override
  public void close() {
    pool.shutdownNow();
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(CLOSE_MILLIS);
    boolean interrupted = false;
    for (Thread thread : Set.copyOf(threads)) {
      while (thread.isAlive() && end - System.nanoTime() > 0) {
        try {
          TimeUnit.NANOSECONDS.timedJoin(thread, Math.max(1, end - System.nanoTime()));
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
