package io.dragonfly.scheduler;

import io.dragonfly.task.PieceLayout;
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
  static final double HUNGRY_SHARE = 0.3;

  static final int HUNGRY_PIECES = 12;

  /** Parents that a taker has something in flight from, for one task. */
  static final int PARENTS = 8;

  /** What is assigned from a parent, in seconds of its uplink. */
  static final double PEER_SECONDS = 1;

  static final double CDN_SECONDS = 0.5;

  /** What may be assigned from a parent in any case, in pieces: it sends that many at once. */
  static final int PEER_PIECES = 4;

  static final int CDN_PIECES = 8;

  /**
   * A task of which nothing is planned from a parent may plan a piece, unless the backlog of that
   * parent is this many times what it usually is.
   */
  static final int MOST_BACKLOGS = 4;

  /** What a supernode plans for a peer is withdrawn if the peer does not come for it so long. */
  static final long UNCLAIMED_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * A peer that lacks something, and has nothing in flight and no plan, gets whatever a parent has
   * after this time.
   */
  static final long STARVING_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** After this time even from a parent that has much to send. */
  static final long URGENT_NANOS = TimeUnit.SECONDS.toNanos(4);

  /** With more than this before an uplink, what is assigned from it waits for others. */
  static final long QUEUE_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** What each task may plan in one turn. Pieces that are larger take several turns. */
  static final long TURN_BYTES = PieceLayout.MIN_PIECE_LENGTH;

  /**
   * A peer with so much assigned from it, in seconds of its uplink and in pieces, has no room for
   * what was not planned from it.
   */
  static final double SPARE_SECONDS = 0.25;

  static final int SPARE_PIECES = 4;

  /**
   * A peer with more before it than this, in seconds of its downlink, is planned nothing more. A
   * piece is planned half a second before the CDN cache sends it, and takes as long again to reach
   * the last of ten thousand.
   */
  static final double TAKER_SECONDS = 2;

  /** The same for each doubling of the peers, if that is more: so long pieces are under way. */
  static final double TAKER_SECONDS_PER_DOUBLING = 0.25;

  static final int TAKER_PIECES = 32;

  /** While a higher share of the peers is full nothing fresh is planned. */
  static final double MOST_FULL = 0.25;

  /** A piece that is planned for no more than a share of this many peers is planned again. */
  static final int THIN = 8;

  /** So many of these are planned at a time. */
  static final int THIN_AT_ONCE = 64;

  /** How many fresh pieces a peer of unknown rate may be the first holder of at a time. */
  static final int UNPROVEN_OWNS = 2;

  /** Through so many peers a piece enters a data centre. */
  static final int ENTRIES = 4;

  /** Up to so many peers of a data centre pass pieces on to each of the others. */
  static final int MESH = PARENTS;

  /** More pass them on along so many trees. It is even, so that all pass on equally much. */
  static final int TREES = ENTRIES;

  /** Trees are for uplinks that are about as fast: one in ten may be slower than this share. */
  static final double EVEN = 0.6;

  /** How many fresh pieces the root of a tree may be the first holder of at a time at least. */
  static final int ROOT_OWNS = 4;

  /** Parents that each of these has in other data centres. */
  static final int ENTRY_PARENTS = 2;

  /**
   * The same where there are trees. Who gives a piece to another data centre has it to send besides
   * its part in the trees, so this should fall on many; but an entry has parents in its trees, too.
   */
  static final int ENTRY_PARENTS_WITH_TREES = 3;

  /** A rate below this share of the median is slow. */
  static final double SLOW = 0.5;

  /** Whoever has got nothing yet of what lies ready for it is given so much time at least. */
  static final long LAG_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** The CDN cache's expected time counts this often, so that peers are preferred. */
  static final int CDN_FACTOR = 2;

  /** So many pieces more may lie before an uplink if a peer waits for the next one. */
  static final int URGENT_PIECES = 2;

  /** How late a piece is at least before another copy is asked for. */
  static final long HEDGE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * A parent is not asked for a piece that it is expected to get only so much later. That it is
   * time is seen up to 100 ms late, the taker's next call comes as much later, its answer and the
   * request take up to 250 ms where links are full, and a piece may come as much sooner than
   * expected: with less than all that, pieces would wait for their takers. With more, what waits
   * keeps out what could be taken at once.
   */
  static final long EARLY_NANOS = TimeUnit.MILLISECONDS.toNanos(600);

  /** The same among many peers: the deeper their trees, the less it is known when a piece comes. */
  static final long EARLY_AMONG_MANY_NANOS = TimeUnit.MILLISECONDS.toNanos(400);

  /** More than this are many. */
  static final int MANY = 256;

  /** A planned parent that gets the piece so much later than expected is replaced. */
  static final long BEHIND_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** The rate that is assumed until there is one measured anywhere, in bytes per second. */
  static final double ASSUMED_RATE = 10e6;

  /** Nobody waits for whoever has reported nothing for so long. */
  static final long SILENT_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** So many takers have to say that a parent gives nothing for it to count as gone. */
  static final int ACCUSERS = 2;

  /** So long it counts that a taker said so: as long as it takes several to notice. */
  static final long ACCUSED_NANOS = TimeUnit.SECONDS.toNanos(30);

  /** So long it does, unless it is heard of or others say so again. */
  static final long GONE_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** If so few pieces are missing, they are looked at one by one. */
  static final int FEW = 64;

  private Limits() {}
}
