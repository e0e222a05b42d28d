package io.dragonfly.scheduler.simulator;

/**
 * One piece on its way from one parent to one taker, in chunks, of which only a few may be between
 * the two links at a time. As an event it is the arrival of its request or of its last chunk.
 */
final class Transfer extends Event {
  /** So many bytes are under way at least: what a connection's buffers hold. */
  private static final int WINDOW = 256 << 10;

  final VirtualPeer taker;
  final VirtualPeer parent;
  final int piece;
  final long since;

  private final VirtualSwarm swarm;
  private final long[] arrivals;
  private long left;
  private int sent;
  private boolean isSent;
  private boolean hasFailed;
  private boolean isWaiting;

  Transfer(VirtualSwarm swarm, VirtualPeer taker, VirtualPeer parent, int piece) {
    this.swarm = swarm;
    this.taker = taker;
    this.parent = parent;
    this.piece = piece;
    since = swarm.timeline().now();
    left = swarm.layout().range(piece).length();
    arrivals = new long[Math.max(2, WINDOW / swarm.chunk())];
  }

  /** Tells whether nobody waits for it any longer. */
  boolean isOver() {
    return hasFailed || taker.isDead() || taker.has(piece);
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

  /** Returns from when on the next chunk may be sent. */
  long sendableAt() {
    return sent < arrivals.length ? 0 : arrivals[sent % arrivals.length];
  }

  /** Returns the bytes of the next chunk. */
  long chunk() {
    return Math.min(left, swarm.chunk());
  }

  /** A chunk has left the parent; returns whether it was the last. */
  boolean chunkSent(long bytes) {
    long arrival = taker.downlink().pass(swarm.timeline().now(), bytes);
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
      parent.asked(this);
    }
  }
}
