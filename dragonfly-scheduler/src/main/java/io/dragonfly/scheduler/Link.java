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
  private long plannedBytes;
  private int planned;
  private long assignedBytes;
  private int assigned;

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
    planned++;
    plannedBytes += bytes;
  }

  void unplan(long bytes) {
    planned--;
    plannedBytes -= bytes;
  }

  void assign(long now, long bytes, boolean isReady) {
    if (assigned == 0) {
      meter.resumed(now, !isUp);
    }
    assigned++;
    assignedBytes += bytes;
    if (isReady) {
      ready++;
    }
  }

  void becomeReady() {
    ready++;
  }

  void end(long now, long bytes, boolean isReady) {
    assigned--;
    if (assigned == 0) {
      meter.paused(now);
    }
    assignedBytes -= bytes;
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

  /** Tells whether more may be assigned: less is than so many bytes, or so few pieces. */
  boolean hasRoom(double bytes, int pieces) {
    return assignedBytes < bytes || assigned < pieces;
  }

  /** Tells whether more may be planned: less is, with what is assigned. */
  boolean hasRoomToPlan(double bytes, int pieces) {
    return backlogBytes() < bytes || planned + assigned < pieces;
  }

  /** Bytes that are planned or assigned. */
  long backlogBytes() {
    return plannedBytes + assignedBytes;
  }

  boolean isIdle() {
    return planned == 0 && assigned == 0 && ready == 0 && backlogBytes() == 0;
  }

  /** Bytes that are assigned and not yet reported. */
  long assignedBytes() {
    return assignedBytes;
  }
}
