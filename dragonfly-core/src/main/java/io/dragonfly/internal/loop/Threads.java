package io.dragonfly.internal.loop;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** How threads are made and waited for: daemons, with names that tell their owner. */
final class Threads {
  private static final Logger LOG = LoggerFactory.getLogger(Threads.class);
  private static final long END_SECONDS = 10;

  private Threads() {}

  /** Makes one thread of this name. */
  static ThreadFactory named(String name) {
    return task -> daemon(task, name);
  }

  /** Makes threads with numbers behind this name. */
  static ThreadFactory numbered(String name) {
    AtomicInteger count = new AtomicInteger();
    return task -> daemon(task, name + "-" + count.incrementAndGet());
  }

  private static Thread daemon(Runnable task, String name) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    return thread;
  }

  /** Waits until an executor that was shut down has ended its threads, also when interrupted. */
  static void awaitEnd(ExecutorService executor) {
    boolean interrupted = false;
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(END_SECONDS);
    while (true) {
      try {
        if (!executor.awaitTermination(end - System.nanoTime(), TimeUnit.NANOSECONDS)) {
          LOG.warn("Threads of a closed client still run after {} s: {}", END_SECONDS, executor);
        }
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
