package io.dragonfly.scheduler.simulator;

import java.time.Duration;

/**
 * Times of the model that are not spent on links.
 *
 * @param call time of a request to the supernode, and of its response
 * @param held how long the first of several reports waits for others
 * @param request time until the parent can begin to answer a request for a piece
 * @param piece time that each piece costs its child in addition to the links, until the child can
 *     upload it
 * @param noticed time after which a child notices that a parent is gone
 * @param lease time after which the supernode notices that
 */
public record Delays(
    Duration call,
    Duration held,
    Duration request,
    Duration piece,
    Duration noticed,
    Duration lease) {
  /** How long a parent lets a request for a piece wait that it is about to get. */
  static final Duration PATIENCE = Duration.ofSeconds(2);

  /** Interval at which the supernode calls the scheduler's tick. */
  static final Duration TICK = Duration.ofMillis(100);

  /** Checks that no time is negative. */
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
   * Returns the delays of a local network: 1 ms for a request to the supernode, its response, and a
   * request for a piece; reports are held for 20 ms; pieces cost nothing; a lost parent is noticed
   * after 2 s, by the supernode after 15 s.
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

  /** Returns a copy with another time for requests and responses. */
  public Delays withCall(Duration time) {
    return new Delays(time, held, time, piece, noticed, lease);
  }

  /** Returns a copy with another time for which reports are held. */
  public Delays withHeld(Duration time) {
    return new Delays(call, time, request, piece, noticed, lease);
  }

  /** Returns a copy with another cost of each piece. */
  public Delays withPiece(Duration time) {
    return new Delays(call, held, request, time, noticed, lease);
  }
}
