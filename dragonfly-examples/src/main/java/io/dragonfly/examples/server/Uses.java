package io.dragonfly.examples.server;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

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
   * Waits until the server is idle for a time, or told to stop.
   *
   * @param idle how long nobody must have used it; zero waits for the stop alone
   * @param sinceGiven how long ago something was last given to another peer
   * @return false once it is told to stop
   */
  boolean awaitIdle(Duration idle, Supplier<Optional<Duration>> sinceGiven)
      throws InterruptedException {
    synchronized (lock) {
      while (!ending) {
        if (running > 0 || idle.isZero()) {
          lock.wait();
          continue;
        }
        long since = nanoTime.getAsLong() - lastUse;
        long given = sinceGiven.get().map(Duration::toNanos).orElse(since);
        long left = idle.toNanos() - Math.min(since, given);
        if (left <= 0) {
          return true;
        }
        lock.wait(left / 1_000_000 + 1);
      }
      return false;
    }
  }

  /** Waits for a time; returns false once the server is told to stop. */
  boolean awaitTime(Duration time) throws InterruptedException {
    synchronized (lock) {
      long end = nanoTime.getAsLong() + time.toNanos();
      for (long left = time.toNanos(); !ending && left > 0; left = end - nanoTime.getAsLong()) {
        lock.wait(left / 1_000_000 + 1);
      }
      return !ending;
    }
  }

  /** Returns when the last use ended, in the time of this class; empty while there is one. */
  OptionalLong lastUse() {
    synchronized (lock) {
      return running > 0 ? OptionalLong.empty() : OptionalLong.of(lastUse);
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
