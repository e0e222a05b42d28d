package io.dragonfly.internal.rate;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.internal.rate.LimitWords.Direction;
import io.dragonfly.internal.rate.LimitWords.Place;
import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Limits the bytes of this process in one direction to its share of the host limit. Each take is a
 * debt. {@link LimitWords} pays the debts of all processes at the same speed, so a process gets its
 * share whatever the number and the size of its takes. A pause lasts until the debt is paid.
 *
 * <p>Threads often wake up late on a busy host. Meanwhile the others get all the time. What this
 * process has missed in that way is handed out to it in advance. Safe for concurrent use.
 */
final class HostFlow {
  /** A process catches up with what it has missed in this time. */
  private static final long CATCH_UP_NANOS = Duration.ofSeconds(1).toNanos();

  private static final long BURST_NANOS = LimitWords.BURST.toNanos();
  private static final double SECOND = Duration.ofSeconds(1).toNanos();
  private static final long MOST_DEBT = Long.MAX_VALUE / 4;

  private final Direction direction;
  private final LongSupplier nanoClock;
  private volatile boolean limited;

  @GuardedBy("this")
  private LimitWords words;

  @GuardedBy("this")
  private Place place = Place.NONE;

  @GuardedBy("this")
  private double nanosPerByte;

  /** The debt is paid when the level of the direction has reached this one. */
  @GuardedBy("this")
  private long paidAt;

  @GuardedBy("this")
  private long pauseEnd;

  /** A flow without limit. */
  HostFlow(Direction direction, LimitWords words, LongSupplier nanoClock) {
    this.direction = direction;
    this.words = words;
    this.nanoClock = nanoClock;
    this.paidAt = words.level(direction);
    this.pauseEnd = nanoClock.getAsLong() - CATCH_UP_NANOS;
  }

  /**
   * Sets the limit from now on.
   *
   * @param shared the words of the host
   * @param ownPlace the place of this process there
   * @param bytesPerSecond the rate of the host, infinite if it has none
   */
  synchronized void set(LimitWords shared, Place ownPlace, float bytesPerSecond) {
    double nanos = SECOND / bytesPerSecond;
    if (shared != words || ownPlace.slot() != place.slot() || nanos != nanosPerByte) {
      // Many bytes at a high rate before are many seconds at a low one now: keep a burst at most.
      long most = nanos > 0 ? BURST_NANOS : 0;
      long debt = Math.max(0, Math.min(paidAt - words.level(direction), most));
      paidAt = shared.level(direction) + debt;
    }
    words = shared;
    place = ownPlace;
    nanosPerByte = nanos;
    limited = nanos > 0;
    words.want(direction, place, paidAt);
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
    words.advance(direction, place, now);
    if (bytes == 0) {
      return pause(now);
    }
    owe(Math.min(MOST_DEBT, (long) Math.ceil(bytes * nanosPerByte)), now);
    words.advance(direction, place, now); // pays with the time that nobody wanted
    long pause = pause(now);
    pauseEnd = now + pause;
    return pause;
  }

  @GuardedBy("this")
  private void owe(long nanos, long now) {
    long level = words.level(direction);
    long missed = level - paidAt;
    if (missed > 0) {
      int sharing = words.wanting(direction, place, now).processes() + 1;
      // A process that was idle has missed nothing.
      long credit =
          now - pauseEnd < CATCH_UP_NANOS ? Math.min(missed, CATCH_UP_NANOS / sharing) : 0;
      long used = Math.min(credit, nanos);
      long got = words.handOutAhead(direction, now, used);
      paidAt = level - (got == used ? credit : got);
    }
    paidAt = Math.min(paidAt + nanos, level + MOST_DEBT);
    words.want(direction, place, paidAt);
  }

  @GuardedBy("this")
  private long pause(long now) {
    long debt = paidAt - words.level(direction);
    if (debt <= 0) {
      return 0;
    }
    double shared = (double) debt * words.wanting(direction, place, now).processes();
    return words.ahead(direction, now) + Math.min(MOST_DEBT, (long) shared);
  }
}
