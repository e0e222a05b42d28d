package io.dragonfly.scheduler;

import org.jspecify.annotations.Nullable;

/** One direction of a peer's link, over all its tasks: its rate and its load. */
final class Link {
  /**
   * An uplink that sends ready pieces slowly is slow. A downlink that receives little may only have
   * been sent little.
   */
  private static final double FALL_UP = 0.25;

  private static final double FALL_DOWN = 0.05;
  private static final double RISE_UP = 0.5;
  private static final double RISE_DOWN = 1;

  private final boolean isUp;
  private final RateMeter meter;

  /** Planned or assigned pieces. */
  private final Load backlog = new Load();

  private final Load assigned = new Load();

  /** Number of assigned pieces that are ready to be sent. */
  private int ready;

  private @Nullable PeerState lastChild;

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

  /** Records that a planned piece is assigned. */
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
   * Records that an assigned piece was sent to a child, before it is ended. The rate shows what
   * this uplink can do only if another piece is ready, and several children get less than they
   * request, or one gets less than its downlink can receive.
   */
  void sent(long now, long bytes, PeerState child) {
    boolean isProof =
        child.isProvenFast() && (child != lastChild || !child.down().meter.isSaturated());
    meter.arrived(now, bytes, ready >= 2, isProof);
    lastChild = child;
  }

  /** Records that an assigned piece was received, before it is ended. */
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
