package io.dragonfly.scheduler;

/** One direction of a peer's link, over all its tasks: how fast it is, and what is before it. */
final class Link {
  /**
   * An uplink that sends slowly what lies ready is slow. A downlink that gets little may just be
   * given little.
   */
  private static final double FALL_UP = 0.25;

  private static final double FALL_DOWN = 0.05;

  private final RateMeter meter;
  private long plannedBytes;
  private int planned;
  private long assignedBytes;
  private int assigned;

  /** Assigned pieces that lie ready to be sent. */
  private int ready;

  private Link(double fall) {
    meter = new RateMeter(fall);
  }

  static Link up() {
    return new Link(FALL_UP);
  }

  static Link down() {
    return new Link(FALL_DOWN);
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
      meter.started(now);
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

  void end(long bytes, boolean isReady) {
    assigned--;
    assignedBytes -= bytes;
    if (isReady) {
      ready--;
    }
  }

  /** A piece that was assigned has arrived, and is to be ended. */
  void arrived(long now, long bytes) {
    // Whether one that lies ready was waiting while this one was under way.
    meter.arrived(now, bytes, ready >= 2);
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

  /** Bytes that are assigned and not yet reported. */
  long assignedBytes() {
    return assignedBytes;
  }
}
