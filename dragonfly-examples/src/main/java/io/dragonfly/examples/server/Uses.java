package io.dragonfly.examples.server;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Knows when a server was last used, and whether it takes calls. Once it is ending no call begins
 * any more. Safe for concurrent use.
 */
final class Uses {
  private final LongSupplier nanoTime;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private int running;

  @GuardedBy("lock")
  private long lastUse;

  @GuardedBy("lock")
  private boolean ending;

  /**
   * No use so far.
   *
   * @param nanoTime the time, as {@link System#nanoTime}
   */
  Uses(LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.lastUse = nanoTime.getAsLong();
  }

  /** Begins a use, unless the server is ending. */
  boolean begin() {
    synchronized (lock) {
      if (!ending) {
        running++;
      }
      return !ending;
    }
  }

  /** Ends a use. */
  void end() {
    synchronized (lock) {
      running--;
      lastUse = nanoTime.getAsLong();
      lock.notifyAll();
    }
  }

  /** Takes no further uses. */
  void stop() {
    synchronized (lock) {
      ending = true;
      lock.notifyAll();
    }
  }

  /**
   * Waits until nobody has used the server for a time, or it is told to stop; then it is stopped.
   *
   * @param aliveTime zero for ever
   * @param lastServed when something was last given to another peer
   */
  void awaitIdle(Duration aliveTime, LongSupplier lastServed) throws InterruptedException {
    synchronized (lock) {
      while (!ending) {
        long now = nanoTime.getAsLong();
        long idle = Math.min(now - lastUse, now - lastServed.getAsLong());
        long left = aliveTime.toNanos() - idle;
        if (running > 0 || aliveTime.isZero()) {
          lock.wait();
        } else if (left > 0) {
          lock.wait(left / 1_000_000 + 1);
        } else {
          ending = true;
        }
      }
    }
  }

  /** Waits until no use is left. */
  void awaitNone() throws InterruptedException {
    synchronized (lock) {
      while (running > 0) {
        lock.wait();
      }
    }
  }

  /** Waits until no use is left, or a time has passed. */
  void awaitNone(Duration limit) throws InterruptedException {
    synchronized (lock) {
      long end = nanoTime.getAsLong() + limit.toNanos();
      for (long left = limit.toNanos();
          running > 0 && left > 0;
          left = end - nanoTime.getAsLong()) {
        lock.wait(left / 1_000_000 + 1);
      }
    }
  }

  /** Returns how many uses run. */
  int running() {
    synchronized (lock) {
      return running;
    }
  }
}
