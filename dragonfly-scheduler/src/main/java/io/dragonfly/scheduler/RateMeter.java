package io.dragonfly.scheduler;

import java.util.concurrent.TimeUnit;

/**
 * Estimates the capacity of a link from the pieces that arrive over it: their bytes divided by the
 * time in which the link was in use. So concurrent pieces are added up. The estimate rises fast and
 * falls slowly, and it falls only if the link had enough to carry.
 */
final class RateMeter {
  /** The first measurement may be short: any rate is better than none. */
  private static final long FIRST_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private static final long SHORT_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
  private static final long LONG_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int MANY_PIECES = 4;
  private static final int FEW_PIECES = 2;
  private static final double SATURATED = 0.75;

  private final double rise;
  private final double fall;
  private double rate;
  private double least;
  private double last;
  private long since;
  private long bytes;
  private int pieces;
  private long used;
  private boolean isLoaded;
  private boolean isProven;

  /**
   * Creates a meter without an estimate.
   *
   * @param rise fraction of the difference by which one measurement raises the estimate
   * @param fall fraction of the difference by which one measurement lowers it
   */
  RateMeter(double rise, double fall) {
    this.rise = rise;
    this.fall = fall;
  }

  /**
   * Records that an idle link is in use from now on.
   *
   * @param hasEnough whether its rate can be measured although it was idle
   */
  void resumed(long now, boolean hasEnough) {
    since = now;
    isLoaded = hasEnough;
  }

  /** Records that the link is idle from now on. This time does not count. */
  void paused(long now) {
    used += now - since;
    since = now;
  }

  /**
   * Records the arrival of a piece.
   *
   * @param hasMore whether the link had enough to carry
   * @param isProof whether no other link can have limited the rate
   */
  void arrived(long now, long pieceBytes, boolean hasMore, boolean isProof) {
    isLoaded &= hasMore;
    isProven |= isProof;
    bytes += pieceBytes;
    pieces++;
    long time = used + now - since;
    if ((pieces >= MANY_PIECES && time >= (least == 0 ? FIRST_NANOS : SHORT_NANOS))
        || (pieces >= FEW_PIECES && time >= LONG_NANOS)) {
      learn(bytes * (double) TimeUnit.SECONDS.toNanos(1) / time);
      since = now;
      used = 0;
      bytes = 0;
      pieces = 0;
      isLoaded = hasMore;
      isProven = false;
    }
  }

  private void learn(double sample) {
    last = sample;
    least = Math.max(least, sample);
    if (rate == 0) {
      // The rate of a link that had too little to carry is not its capacity.
      rate = isLoaded && isProven ? sample : 0;
    } else if (sample > rate) {
      rate += rise * (sample - rate);
    } else if (isLoaded && isProven) {
      rate += fall * (sample - rate);
    }
  }

  /**
   * Moves the estimate towards the rate of others, so that a peer that was measured too slow gets
   * another chance.
   */
  void drift(double towards, double share) {
    if (rate > 0 && rate < towards) {
      rate += share * (towards - rate);
    }
  }

  boolean isKnown() {
    return rate > 0;
  }

  /** Tells whether the link carried about its capacity at the last measurement. */
  boolean isSaturated() {
    return last > 0 && last >= SATURATED * rate;
  }

  /**
   * Returns the highest rate that was observed, even if the capacity is not known; bytes per
   * second.
   */
  double least() {
    return least;
  }

  /** Returns the estimate in bytes per second; 0 while it is unknown. */
  double rate() {
    return rate;
  }
}
