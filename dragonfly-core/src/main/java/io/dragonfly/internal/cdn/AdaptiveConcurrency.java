package io.dragonfly.internal.cdn;

import io.dragonfly.internal.cdn.CdnSettings.ReadsPerHost;
import java.util.concurrent.TimeUnit;

/**
 * How many reads of one line run at once: more as long as more of them bring more. Time goes by in
 * windows in which all of them run. After each that was measured half as many are added for a
 * trial; they stay if they bring at least half of what they would if no link were full. Not
 * thread-safe.
 */
final class AdaptiveConcurrency {
  /** Several round trips of a connection between continents. */
  private static final long WINDOW_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  /** A trial in vain is not repeated sooner. */
  private static final long NEXT_TRIAL_NANOS = TimeUnit.SECONDS.toNanos(10);

  /** So much of a rate is remembered from window to window: one of them may be a bad one. */
  private static final double KEPT = 0.9;

  private final ReadsPerHost bounds;
  private int proven;
  private int share;
  private double provenRate;

  /** Whether the window gives the connections time to come up to their rate. */
  private boolean isSettling = true;

  private long windowStart;
  private long windowBytes;
  private long nextTrial;

  AdaptiveConcurrency(ReadsPerHost bounds, long now) {
    this.bounds = bounds;
    this.proven = bounds.least();
    this.share = proven;
    this.windowStart = now;
    this.nextTrial = now;
  }

  /** Returns how many may run at once. */
  int atOnce() {
    return share;
  }

  /** Not all of them run, or nothing more waits: what comes says nothing, and no trial is on. */
  void idle(long now) {
    share = proven;
    isSettling = true;
    start(now);
  }

  /** Bytes came while all of them ran and others waited. */
  void came(int bytes, long now) {
    windowBytes += bytes;
    long nanos = now - windowStart;
    if (nanos < WINDOW_NANOS) {
      return;
    }
    if (isSettling) {
      isSettling = false;
    } else {
      measured(windowBytes * 1e9 / nanos, now);
    }
    start(now);
  }

  private void start(long now) {
    windowStart = now;
    windowBytes = 0;
  }

  private void measured(double rate, long now) {
    if (share > proven) {
      double added = (double) (share - proven) / proven;
      if (rate < provenRate * (1 + added / 2)) {
        share = proven;
        nextTrial = now + NEXT_TRIAL_NANOS;
        isSettling = true;
        return;
      }
      proven = share;
      provenRate = rate;
    }
    provenRate = Math.max(rate, KEPT * provenRate);
    if (share < bounds.most() && now - nextTrial >= 0) {
      share = Math.min(bounds.most(), proven + (proven + 1) / 2);
      isSettling = true;
    }
  }
}
