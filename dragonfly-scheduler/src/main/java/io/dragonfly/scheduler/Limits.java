package io.dragonfly.scheduler;

import java.util.concurrent.TimeUnit;

/** The numbers that plans are made by. Queues are seconds of measured rate, not counts. */
final class Limits {
  /** What a taker has in flight for one task, in seconds of its downlink, and in pieces. */
  static final double IN_FLIGHT_SECONDS = 1.2;

  static final int IN_FLIGHT_LEAST = 2;
  static final int IN_FLIGHT_MOST = 64;
  static final int IN_FLIGHT_FIRST = 8;

  /**
   * A taker with less in flight, as a share of what it may have and in pieces, is given pieces that
   * were not planned for it. With a whole pipeline of them late comers would take from each other
   * what the plans count on.
   */
  static final double HUNGRY_SHARE = 0.5;

  static final int HUNGRY_PIECES = 12;

  /** Parents that a taker has something in flight from, for one task. */
  static final int PARENTS = 8;

  /** What is assigned from a parent, in seconds of its uplink. */
  static final double PEER_SECONDS = 1;

  static final double CDN_SECONDS = 0.5;

  /** What may be assigned from a parent in any case, in pieces: it sends that many at once. */
  static final int PEER_PIECES = 4;

  static final int CDN_PIECES = 8;

  /** A peer with more before it than this, in seconds of its downlink, is planned nothing more. */
  static final double TAKER_SECONDS = 1;

  static final int TAKER_PIECES = 16;

  /** How many fresh pieces a peer of unknown rate may be the first holder of at a time. */
  static final int UNPROVEN_OWNS = 2;

  /** Through so many peers a piece enters a data centre. */
  static final int ENTRIES = 4;

  /** Parents that each of these has in other data centres. */
  static final int ENTRY_PARENTS = 2;

  /** A rate below this share of the median is slow. */
  static final double SLOW = 0.5;

  /** The CDN cache's expected time counts this often, so that peers are preferred. */
  static final int CDN_FACTOR = 2;

  /** So many pieces more for whoever cannot wait, or can take from the CDN cache alone. */
  static final int LAST_RESORT_PIECES = 2;

  /** How late a piece is at least before another copy is asked for. */
  static final long HEDGE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * A parent is not asked for a piece that it is expected to get only so much later. The word of it
   * takes up to 150 ms where links are full, so with less the pieces would wait for their takers.
   * With more, what waits keeps out what could be taken at once.
   */
  static final long EARLY_NANOS = TimeUnit.MILLISECONDS.toNanos(400);

  /** A planned parent that gets the piece so much later than expected is replaced. */
  static final long BEHIND_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** The rate that is assumed until there is one measured anywhere, in bytes per second. */
  static final double ASSUMED_RATE = 10e6;

  private Limits() {}
}
