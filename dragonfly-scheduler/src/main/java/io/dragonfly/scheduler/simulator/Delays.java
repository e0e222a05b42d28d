package io.dragonfly.scheduler.simulator;

import java.time.Duration;

/**
 * What the model says of time that is not spent on a link.
 *
 * @param call how long a call to the supernode takes, and its answer back
 * @param held how long the first of several reports waits for others
 * @param request how long a request for a piece takes until its parent can begin to send
 * @param piece what each piece costs its taker beyond the time on its links, until it can pass it
 *     on
 * @param noticed after which time a taker notices that a parent is gone
 * @param lease after which time the supernode notices that
 */
public record Delays(
    Duration call,
    Duration held,
    Duration request,
    Duration piece,
    Duration noticed,
    Duration lease) {
  /** A parent lets a request for a piece that it is to get wait for so long. */
  static final Duration PATIENCE = Duration.ofSeconds(2);

  /** So often the supernode lets the scheduler look at the time. */
  static final Duration TICK = Duration.ofMillis(100);

  /** Checks that none is negative. */
  public Delays {
    if (call.isNegative()
        || held.isNegative()
        || request.isNegative()
        || piece.isNegative()
        || noticed.isNegative()
        || lease.isNegative()) {
      throw new IllegalArgumentException("a delay is negative");
    }
  }

  /**
   * A local network: 1 ms for a call, its answer or a request, reports held 20 ms, nothing for a
   * piece; a dead parent is noticed after 2 s, by the supernode after 15 s.
   */
  public static Delays defaults() {
    return new Delays(
        Duration.ofMillis(1),
        Duration.ofMillis(20),
        Duration.ofMillis(1),
        Duration.ZERO,
        Duration.ofSeconds(2),
        Duration.ofSeconds(15));
  }

  /** Returns these with another time for a call or its answer, and for a request. */
  public Delays withCall(Duration time) {
    return new Delays(time, held, time, piece, noticed, lease);
  }

  /** Returns these with another time that reports are held. */
  public Delays withHeld(Duration time) {
    return new Delays(call, time, request, piece, noticed, lease);
  }

  /** Returns these with another cost of each piece. */
  public Delays withPiece(Duration time) {
    return new Delays(call, held, request, time, noticed, lease);
  }
}
