package io.dragonfly.transport.http.internal.proxy;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Counts the answers and tunnels of a proxy that run, and knows whether the proxy ends: then they
 * may go on for a while, and nothing new begins on their connections. Safe for concurrent use.
 */
final class RunningWork {
  @GuardedBy("this")
  private int running;

  private volatile boolean ending;

  /** An answer or a tunnel begins. */
  synchronized void begin() {
    running++;
  }

  /** It has ended. */
  synchronized void end() {
    running--;
    notifyAll();
  }

  /** Tells whether the proxy ends. */
  boolean isEnding() {
    return ending;
  }

  /** From now on the proxy ends. */
  void endSoon() {
    ending = true;
  }

  /**
   * Waits until nothing runs.
   *
   * @return how much still runs when the time is over, or this thread is interrupted
   */
  synchronized int awaitNone(Duration most) {
    long end = System.nanoTime() + most.toNanos();
    try {
      for (long left = most.toNanos(); running > 0 && left > 0; left = end - System.nanoTime()) {
        TimeUnit.NANOSECONDS.timedWait(this, left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return running;
  }
}
