package io.dragonfly.internal.rate;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.internal.rate.LimitWords.Direction;
import java.time.Duration;
import java.util.function.LongConsumer;
import java.util.function.LongSupplier;

/**
 * This process's part of what flows in one direction on its host. Bytes that were taken are first
 * owed. They are paid by reserving short stretches of the host's time, one after the other, and no
 * more is reserved while the last stretch is further ahead than {@link #BURST}. So processes that
 * want all they can get take turns, and one that is killed has next to nothing reserved.
 *
 * <p>What was owed already when nobody used the time is paid with that time. So a process that
 * comes late to pay loses nothing. Safe for concurrent use.
 */
final class HostFlow {
  /** Time that is not used is saved for so long. */
  static final Duration BURST = Duration.ofMillis(100);

  /** A longer wait than this beyond the burst was left by another clock. */
  static final Duration MOST_WAIT = Duration.ofSeconds(1);

  private static final long BURST_NANOS = BURST.toNanos();
  private static final long MOST_AHEAD = BURST.plus(MOST_WAIT).toNanos();

  /** One process reserves so much at once. */
  private static final long STRETCH_NANOS = Duration.ofMillis(20).toNanos();

  /** If all processes of the host reserve a stretch, it takes no longer than this. */
  private static final long ROUND_NANOS = MOST_WAIT.toNanos() / 2;

  /** Stretches that are due sooner are not worth a timer each. */
  private static final long SHORTEST_WAIT = Duration.ofMillis(2).toNanos();

  private static final double SECOND = Duration.ofSeconds(1).toNanos();

  private final Direction direction;
  private final LongSupplier nanoClock;
  private final LongConsumer wakeAfter;
  private volatile boolean limited;

  @GuardedBy("this")
  private LimitWords words;

  @GuardedBy("this")
  private double nanosPerByte;

  /** The same as this process got it lately, among the others. */
  @GuardedBy("this")
  private double nanosPerByteHere;

  @GuardedBy("this")
  private long stretchBytes = 1;

  @GuardedBy("this")
  private int alive = 1;

  @GuardedBy("this")
  private long owed;

  /** When the last stretch ends. */
  @GuardedBy("this")
  private long due;

  @GuardedBy("this")
  private boolean waking;

  /**
   * A flow without limit.
   *
   * @param wakeAfter has {@link #wake} called after so many nanoseconds
   */
  HostFlow(Direction direction, LimitWords words, LongSupplier nanoClock, LongConsumer wakeAfter) {
    this.direction = direction;
    this.words = words;
    this.nanoClock = nanoClock;
    this.wakeAfter = wakeAfter;
    this.due = nanoClock.getAsLong();
  }

  /**
   * Sets what holds from now on.
   *
   * @param shared the host's words
   * @param bytesPerSecond the host's rate, infinite if it has none
   * @param processes how many share it
   */
  synchronized void set(LimitWords shared, float bytesPerSecond, int processes) {
    words = shared;
    alive = Math.max(1, processes);
    double nanos = SECOND / bytesPerSecond;
    limited = nanos > 0;
    stretchBytes =
        limited ? Math.max(1, (long) (Math.min(STRETCH_NANOS, ROUND_NANOS / alive) / nanos)) : 1;
    if (nanos != nanosPerByte) {
      nanosPerByte = nanos;
      nanosPerByteHere = nanos;
      // Many bytes at a high rate before are many seconds at a low one now: a burst stays at most.
      owed = limited ? Math.min(owed, (long) (BURST_NANOS / nanos)) : 0;
    }
  }

  /** Takes bytes and returns nanoseconds to pause. */
  long take(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("cannot take %d bytes".formatted(bytes));
    }
    return limited ? takeLimited(bytes) : 0;
  }

  private synchronized long takeLimited(long bytes) {
    long now = nanoClock.getAsLong();
    pay(bytes, now);
    long wait = Math.max(0, due - BURST_NANOS - now);
    if (owed > 0) {
      wakeWhenDue(wait);
    }
    return wait + (long) Math.min(Long.MAX_VALUE / 2.0, owed * nanosPerByteHere);
  }

  /** Pays what is due by now. */
  synchronized void wake() {
    waking = false;
    if (limited && owed > 0) {
      takeLimited(0);
    }
  }

  @GuardedBy("this")
  private void pay(long more, long now) {
    boolean waited = owed > 0;
    long from = waited ? due : now;
    long before = due;
    long paid = 0;
    owed += Math.min(more, Long.MAX_VALUE - owed);
    while (owed > 0 && due - now <= BURST_NANOS) {
      long bytes = Math.min(owed, stretchBytes);
      long cost = (long) Math.ceil(bytes * nanosPerByte);
      due = words.reserve(direction, from, now, cost, MOST_AHEAD);
      from = due;
      owed -= bytes;
      paid += bytes;
    }
    if (waited && paid > 0) {
      double latest = (nanosPerByteHere + (double) (due - before) / paid) / 2;
      nanosPerByteHere = Math.max(nanosPerByte, Math.min(nanosPerByte * alive, latest));
    }
  }

  @GuardedBy("this")
  private void wakeWhenDue(long wait) {
    if (!waking) {
      waking = true;
      wakeAfter.accept(Math.max(SHORTEST_WAIT, wait));
    }
  }
}
