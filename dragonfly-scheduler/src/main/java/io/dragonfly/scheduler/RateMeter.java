package io.dragonfly.scheduler;

import java.util.concurrent.TimeUnit;

/**
 * Estimates what a link can carry from the pieces that arrive over it: bytes over the time in which
 * the link was in use, so that several pieces at once count as what they are together. A higher
 * rate is believed soon; a lower one only slowly, and only if the link had enough to carry.
 */
final class RateMeter {
  private static final long SHORT_NANOS = TimeUnit.MILLISECONDS.toNanos(250);
  private static final long LONG_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int MANY_PIECES = 4;
  private static final int FEW_PIECES = 2;
  private static final double RISE = 0.5;

  private final double fall;
  private double rate;
  private double least;
  private long since;
  private long bytes;
  private int pieces;
  private boolean loaded;

  /**
   * Makes a meter that knows nothing yet.
   *
   * @param fall how much of the way down to a lower rate one measurement leads
   */
  RateMeter(double fall) {
    this.fall = fall;
  }

  /** The link had been idle and is in use from now on. */
  void started(long now) {
    begin(now);
    loaded = false;
  }

  private void begin(long now) {
    since = now;
    bytes = 0;
    pieces = 0;
  }

  /** A piece has arrived; {@code isLoaded} tells whether enough was to be carried just now. */
  void arrived(long now, long pieceBytes, boolean isLoaded) {
    loaded &= isLoaded;
    bytes += pieceBytes;
    pieces++;
    long time = now - since;
    if ((pieces >= MANY_PIECES && time >= SHORT_NANOS)
        || (pieces >= FEW_PIECES && time >= LONG_NANOS)) {
      learn(bytes * (double) TimeUnit.SECONDS.toNanos(1) / time);
      begin(now);
      loaded = isLoaded;
    }
  }

  private void learn(double sample) {
    least = Math.max(least, sample);
    if (rate == 0) {
      // Who had too little to carry has not shown what it can.
      rate = loaded ? sample : 0;
    } else if (sample > rate) {
      rate += RISE * (sample - rate);
    } else if (loaded) {
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

  /** What it was seen to carry at least, even if it is not known what it can. */
  double least() {
    return least;
  }

  /** Bytes per second; 0 while unknown. */
  double rate() {
    return rate;
  }
}
