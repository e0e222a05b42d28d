package io.dragonfly.transport.http.internal.loop;

import io.netty.util.concurrent.FastThreadLocalThread;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Makes named daemon threads and can wait for them: an executor says that it has ended a little
 * before its threads have. Safe for concurrent use.
 */
public final class DaemonThreads implements ThreadFactory {
  private final String name;
  private final AtomicInteger number = new AtomicInteger();
  private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

  /** Names its threads so, and numbers them. */
  public DaemonThreads(String name) {
    this.name = name;
  }

  @Override
  public Thread newThread(Runnable task) {
    threads.removeIf(thread -> thread.getState() == Thread.State.TERMINATED);
    // Netty keeps its buffers in such threads at less cost.
    Thread thread = new FastThreadLocalThread(task, name + "-" + number.incrementAndGet());
    thread.setDaemon(true);
    threads.add(thread);
    return thread;
  }

  /** Tells whether the calling thread is one of these: then it must not wait for them. */
  public boolean isOneOfThem() {
    return threads.contains(Thread.currentThread());
  }

  /**
   * Waits until all have ended. An interrupt is kept for later.
   *
   * @return whether they have, within the limit
   */
  public boolean await(Duration limit) {
    boolean interrupted = false;
    long deadline = System.nanoTime() + limit.toNanos();
    for (Thread thread : threads) {
      while (thread.isAlive() && deadline - System.nanoTime() > 0) {
        try {
          TimeUnit.NANOSECONDS.timedJoin(thread, deadline - System.nanoTime());
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return threads.stream().noneMatch(Thread::isAlive);
  }
}
