package io.dragonfly.scheduler;

import org.jspecify.annotations.Nullable;

/** One direction of a peer's link, over all its tasks: how fast it is, and what is before it. */
final class Link {
  /**
   * An uplink that sends slowly what lies ready is slow. A downlink that gets little may just be
   * given little.
   */
  private static final double FALL_UP = 0.25;

  private static final double FALL_DOWN = 0.05;
  private static final double RISE_UP = 0.5;
  private static final double RISE_DOWN = 1;

  private final boolean isUp;
  private final RateMeter meter;

  /** All that is planned or assigned. */
  private final Load backlog = new Load();

  private final Load assigned = new Load();

  /** Assigned pieces that lie ready to be sent. */
  private int ready;

  private @Nullable PeerState lastTaker;

  private Link(boolean isUp) {
    this.isUp = isUp;
    meter = isUp ? new RateMeter(RISE_UP, FALL_UP) : new RateMeter(RISE_DOWN, FALL_DOWN);
  }

  static Link up() {
    return new Link(true);
  }

  static Link down() {
    return new Link(false);
  }

  RateMeter meter() {
    return meter;
  }

  void plan(long bytes) {
    backlog.add(bytes);
  }

  void unplan(long bytes) {
    backlog.remove(bytes);
  }

  /** A planned piece is assigned now. */
  void assign(long now, long bytes, boolean isReady) {
    if (assigned.isEmpty()) {
      meter.resumed(now, !isUp);
    }
    assigned.add(bytes);
    if (isReady) {
      ready++;
    }
  }

  void becomeReady() {
    ready++;
  }

  void end(long now, long bytes, boolean isReady) {
    assigned.remove(bytes);
    backlog.remove(bytes);
    if (assigned.isEmpty()) {
      meter.paused(now);
    }
    if (isReady) {
      ready--;
    }
  }

  /**
   * A piece that was assigned has been sent to a taker, and is to be ended. This link sets the pace
   * if another piece lies ready, and several takers get less than they ask for, or one gets less
   * than it could take.
   */
  void sent(long now, long bytes, PeerState taker) {
    boolean isProof =
        taker.isProvenFast() && (taker != lastTaker || !taker.down().meter.isSaturated());
    meter.arrived(now, bytes, ready >= 2, isProof);
    lastTaker = taker;
  }

  /** A piece that was assigned has been received, and is to be ended. */
  void received(long now, long bytes) {
    meter.arrived(now, bytes, true, true);
  }

  /** Returns what is planned or assigned. */
  Load backlog() {
    return backlog;
  }

  /** Returns what is assigned and not yet reported. */
  Load assigned() {
    return assigned;
  }

  boolean isIdle() {
    return backlog.isEmpty() && assigned.isEmpty() && ready == 0 && backlog.bytes() == 0;
  }
}
