package io.dragonfly.transport.http.internal.source;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.internal.loop.ActiveClock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Ends the exchanges that wait too long. One thread for all of them, which sleeps until the first
 * can be overdue, or until the next beat of its clock: a timer set and cleared for each read would
 * cost more than the read.
 */
final class StallWatch implements AutoCloseable {
  private static final long BEAT_NANOS = ActiveClock.BEAT.toNanos();

  private final LongSupplier nanoClock;
  private final Runnable beat;

  @GuardedBy("this")
  private final Set<Watched> all = new HashSet<>();

  @GuardedBy("this")
  private @Nullable Thread thread;

  @GuardedBy("this")
  private long nextLook;

  @GuardedBy("this")
  private boolean closed;

  /** A watch whose thread beats for its clock. */
  StallWatch(ActiveClock clock) {
    this(clock, clock::beat);
  }

  StallWatch(LongSupplier nanoClock, Runnable beat) {
    this.nanoClock = nanoClock;
    this.beat = beat;
  }

  /** Something that waits for a source now and then. */
  interface Watched {
    /** Returns how long it may still wait from {@code now} on; all of its time if it does not. */
    long nanosLeft(long now);

    /** It has waited too long. Must not block. */
    void stalled();
  }

  synchronized void add(Watched watched) {
    if (closed) {
      return;
    }
    all.add(watched);
    long now = nanoClock.getAsLong();
    if (thread == null) {
      thread = new Thread(this::look, "dragonfly-source-watch");
      thread.setDaemon(true);
      nextLook = now + watched.nanosLeft(now);
      thread.start();
    } else if (now + watched.nanosLeft(now) - nextLook < 0) {
      notifyAll();
    }
  }

  synchronized void remove(Watched watched) {
    all.remove(watched);
  }

  /** Ends the thread, and waits for that. */
  @Override
  public void close() {
    Thread watcher;
    synchronized (this) {
      closed = true;
      watcher = thread;
      notifyAll();
    }
    if (watcher != null) {
      try {
        watcher.join(TimeUnit.SECONDS.toMillis(5));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private void look() {
    while (true) {
      List<Watched> overdue;
      synchronized (this) {
        overdue = takeOverdue();
        while (overdue.isEmpty() && !closed) {
          try {
            TimeUnit.NANOSECONDS.timedWait(this, nanosToWait());
          } catch (InterruptedException e) {
            // Nobody has a reason to interrupt this thread, and close() ends it in another way.
            continue;
          }
          beat.run();
          overdue = takeOverdue();
        }
        if (closed) {
          return;
        }
      }
      overdue.forEach(Watched::stalled);
    }
  }

  /** Until the next beat, unless nobody needs the clock. */
  @GuardedBy("this")
  private long nanosToWait() {
    long left = Math.max(1, nextLook - nanoClock.getAsLong());
    return all.isEmpty() ? left : Math.min(left, BEAT_NANOS);
  }

  @GuardedBy("this")
  private List<Watched> takeOverdue() {
    long now = nanoClock.getAsLong();
    long least = TimeUnit.HOURS.toNanos(1);
    List<Watched> overdue = new ArrayList<>();
    for (Watched watched : all) {
      long left = watched.nanosLeft(now);
      if (left <= 0) {
        overdue.add(watched);
      } else {
        least = Math.min(least, left);
      }
    }
    overdue.forEach(all::remove);
    nextLook = now + least;
    return overdue;
  }
}
