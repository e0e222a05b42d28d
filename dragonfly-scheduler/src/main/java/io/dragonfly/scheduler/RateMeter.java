package io.dragonfly.scheduler;

import java.util.concurrent.TimeUnit;

/**
 * Estimates what a link can carry from the pieces that arrive over it: bytes over the time in which
 * the link was in use, so that several pieces at once count as what they are together. A higher
 * rate is believed soon; a lower one only slowly, and only if the link had enough to carry.
 */
final class RateMeter {
  /** The first look may be a short one: any rate is better than none. */
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
   * Makes a meter that knows nothing yet.
   *
   * @param rise how much of the way up to a higher rate one measurement leads
   * @param fall how much of the way down to a lower rate one leads
   */
  RateMeter(double rise, double fall) {
    this.rise = rise;
    this.fall = fall;
  }

  /**
   * The link had been idle and is in use from now on.
   *
   * @param hasEnough whether it can show what it can carry though it was idle
   */
  void resumed(long now, boolean hasEnough) {
    since = now;
    isLoaded = hasEnough;
  }

  /** The link is idle from now on: this time does not count. */
  void paused(long now) {
    used += now - since;
    since = now;
  }

  /**
   * A piece has arrived; {@code hasMore} tells whether enough was to be carried just now, and
   * {@code isProof} that no other link can have set the pace.
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
      // Who had too little to carry has not shown what it can.
      rate = isLoaded && isProven ? sample : 0;
    } else if (sample > rate) {
      rate += rise * (sample - rate);
    } else if (isLoaded && isProven) {
      rate += fall * (sample - rate);
    }
  }

  /** Moves the estimate towards what others have, so that an unlucky peer gets another chance. */
  void drift(double towards, double share) {
    if (rate > 0 && rate < towards) {
      rate += share * (towards - rate);
    }
  }

  boolean isKnown() {
    return rate > 0;
  }

  /** Tells whether it carried about as much as it can when it was last looked at. */
  boolean isSaturated() {
    return last > 0 && last >= SATURATED * rate;
  }

  /** What it was seen to carry at least, even if it is not known what it can. */
  double least() {
    return least;
  }

  /** Bytes per second; 0 while unknown. */
  double rate() {
    return rate;
  }
}
