package io.dragonfly.scheduler.simulator;

/**
 * One piece on its way from a parent to a child, in chunks. Only a few chunks may be between the
 * two links at a time. As an event it is the arrival of the request or of the last chunk.
 */
final class Transfer extends Event {
  /** Bytes in flight at least: the buffers of a connection. */
  private static final int WINDOW = 256 << 10;

  final VirtualFetch to;
  final VirtualFetch from;
  final int piece;
  final long since;

  private final VirtualSwarm swarm;
  private final long[] arrivals;
  private long left;
  private int sent;
  private boolean isSent;
  private boolean hasFailed;
  private boolean isWaiting;

  Transfer(VirtualSwarm swarm, VirtualFetch to, VirtualFetch from, int piece) {
    this.swarm = swarm;
    this.to = to;
    this.from = from;
    this.piece = piece;
    since = swarm.timeline().now();
    left = to.task().layout().range(piece).length();
    arrivals = new long[Math.max(2, WINDOW / to.task().chunk())];
  }

  /** Tells whether the child no longer waits for this piece. */
  boolean isOver() {
    return hasFailed || to.peer().isDead() || to.has(piece);
  }

  void fail() {
    hasFailed = true;
  }

  boolean isWaiting() {
    return isWaiting;
  }

  void setWaiting(boolean waiting) {
    isWaiting = waiting;
  }

  /** Returns the time from which the next chunk may be sent. */
  long sendableAt() {
    return sent < arrivals.length ? 0 : arrivals[sent % arrivals.length];
  }

  /** Returns the bytes of the next chunk. */
  long chunk() {
    return Math.min(left, to.task().chunk());
  }

  /** Records that a chunk has left the parent; returns whether it was the last. */
  boolean chunkSent(long bytes) {
    long arrival = to.peer().downlink().pass(swarm.timeline().now(), bytes);
    to.arrives(arrival, bytes);
    arrivals[sent++ % arrivals.length] = arrival;
    left -= bytes;
    isSent = left == 0;
    if (isSent) {
      swarm.timeline().at(arrival + swarm.pieceNanos(), this);
    }
    return isSent;
  }

  @Override
  void happen() {
    if (isSent) {
      swarm.arrived(this);
    } else {
      from.peer().asked(this);
    }
  }
}
