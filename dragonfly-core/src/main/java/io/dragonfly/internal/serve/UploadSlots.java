package io.dragonfly.internal.serve;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * How many pieces are sent at once. Few, so that each is whole soon and can be passed on; but a
 * taker that is much slower than others holds what it is sent for long and leaves the uplink to
 * others meanwhile. So a slot that has been held for several times as long as usual counts no more,
 * and another is lent in its place. Not safe for concurrent use: its owner's lock guards it.
 */
final class UploadSlots {
  /** So many are out at once at most, also if all takers are slow. */
  static final int MOST = 16;

  /** A slot that is held for so much longer than usual counts no more. */
  private static final int SLOW = 4;

  /** Shorter times say nothing of a taker: a piece may just have met others in the network. */
  static final long LEAST_SLOW_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** So long a slot is held at least before it is lent, while nothing has been sent yet. */
  static final long FIRST_SLOW_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** A shorter time becomes usual soon, a longer one slowly: slow takers are not what is usual. */
  private static final double FALL = 0.5;

  /** Of what is usual: by so much more it is after a piece that took longer, however long. */
  private static final double RISE = 0.05;

  private final int slots;
  private final Set<Slot> out = new LinkedHashSet<>();

  /** How long a piece is sent; 0 while that is unknown. */
  private double usualNanos;

  /** What one piece is sent in. */
  static final class Slot {
    private final long since;

    private Slot(long since) {
      this.since = since;
    }
  }

  UploadSlots(int slots) {
    this.slots = slots;
  }

  /** Returns a slot; null if there is none now. */
  @Nullable Slot take(long now) {
    if (nanosUntilFree(now) > 0) {
      return null;
    }
    Slot slot = new Slot(now);
    out.add(slot);
    return slot;
  }

  /** Gives a slot back. */
  void free(Slot slot, long now) {
    if (out.remove(slot)) {
      long held = now - slot.since;
      if (usualNanos == 0) {
        usualNanos = Math.max(1, held);
      } else {
        usualNanos += held < usualNanos ? FALL * (held - usualNanos) : RISE * usualNanos;
      }
    }
  }

  /**
   * Returns after which time there is a slot even if none is given back; at most 0 if there is one
   * now, and {@link Long#MAX_VALUE} if there will not be any.
   */
  long nanosUntilFree(long now) {
    int surplus = out.size() - slots;
    if (surplus < 0) {
      return 0;
    }
    if (out.size() >= MOST) {
      return Long.MAX_VALUE;
    }
    // They stand in the order in which they were taken: so many of the first must be slow.
    Slot last = null;
    int place = 0;
    for (Slot slot : out) {
      last = slot;
      if (place++ == surplus) {
        break;
      }
    }
    return last == null ? 0 : last.since + slowNanos() - now;
  }

  private long slowNanos() {
    return usualNanos == 0
        ? FIRST_SLOW_NANOS
        : Math.max(LEAST_SLOW_NANOS, (long) (SLOW * usualNanos));
  }
}
