package io.dragonfly.internal.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands what was written to the disk, on a thread of its own and some time later, so that one sync
 * does for many writes and nobody waits for it. A crash of the machine before that costs the pieces
 * in question, which start-up finds out by their digests. Safe for concurrent use.
 */
final class Syncer implements Closeable {
  /** Something that is written to. */
  interface Target {
    void sync() throws IOException;
  }

  private static final Logger log = LoggerFactory.getLogger(Syncer.class);
  private static final long CLOSE_SECONDS = 30;

  private final long delayNanos;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  @GuardedBy("lock")
  private final Set<Target> written = new LinkedHashSet<>();

  @GuardedBy("lock")
  private boolean closed;

  private final Thread thread = new Thread(this::run, "dragonfly-storage-sync");

  private Syncer(Duration delay) {
    this.delayNanos = delay.toNanos();
  }

  /**
   * Starts the thread.
   *
   * @param delay how long after a write the sync comes: the writes in between share it
   */
  static Syncer start(Duration delay) {
    Syncer syncer = new Syncer(delay);
    syncer.thread.setDaemon(true);
    syncer.thread.start();
    return syncer;
  }

  /** Tells that something has been written. */
  void written(Target target) {
    lock.lock();
    try {
      if (!closed && written.add(target)) {
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  private void run() {
    try {
      for (List<Target> next = next(); !next.isEmpty(); next = next()) {
        next.forEach(Syncer::sync);
      }
    } catch (InterruptedException e) {
      log.warn("writes are no longer synced: the thread was interrupted");
    }
  }

  private static void sync(Target target) {
    try {
      target.sync();
    } catch (IOException | RuntimeException e) {
      log.warn("could not sync {}: {}", target, e.toString());
    }
  }

  /** Waits for writes and then for the delay; empty once this is closed. */
  private List<Target> next() throws InterruptedException {
    lock.lock();
    try {
      while (written.isEmpty() && !closed) {
        changed.await();
      }
      long left = delayNanos;
      while (left > 0 && !closed) {
        left = changed.awaitNanos(left);
      }
      List<Target> all = closed ? List.of() : List.copyOf(written);
      written.clear();
      return all;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends the thread, after the sync that it may be in. What is not synced yet is left to the
   * kernel.
   */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    boolean interrupted = Thread.interrupted();
    try {
      thread.join(TimeUnit.SECONDS.toMillis(CLOSE_SECONDS));
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (thread.isAlive()) {
      log.warn("a sync is still running after {} s or an interrupt", CLOSE_SECONDS);
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
