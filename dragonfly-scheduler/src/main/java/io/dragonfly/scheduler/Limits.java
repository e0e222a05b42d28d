package io.dragonfly.scheduler;

import io.dragonfly.task.PieceLayout;
import java.util.concurrent.TimeUnit;

/**
 * The constants of planning. Queues are measured in seconds of a measured rate rather than in
 * pieces.
 */
final class Limits {
  /**
   * Downloads in flight of one child for one task, in seconds of its downlink, with bounds in
   * pieces.
   */
  static final double IN_FLIGHT_SECONDS = 1.2;

  static final int IN_FLIGHT_LEAST = 2;
  static final int IN_FLIGHT_MOST = 64;
  static final int IN_FLIGHT_FIRST = 8;

  /**
   * A child with less in flight than this share of its limit, and than this number of pieces, also
   * gets pieces that were not planned for it. With a whole pipeline of unplanned pieces late peers
   * would take from each other the capacity that plans rely on.
   */
  static final double LOW_IN_FLIGHT_SHARE = 0.3;

  static final int LOW_IN_FLIGHT_PIECES = 12;

  /** Parents from which one child may have downloads in flight, for one task. */
  static final int PARENTS = 8;

  /** Assigned uploads of one parent, in seconds of its uplink. */
  static final double PEER_SECONDS = 1;

  static final double CDN_SECONDS = 0.5;

  /** Pieces that may be assigned from a parent in any case: it sends this many at once. */
  static final int PEER_PIECES = 4;

  static final int CDN_PIECES = 8;

  /**
   * A task with nothing planned from a parent may plan a piece unless the parent's backlog is this
   * many times the usual one.
   */
  static final int MOST_BACKLOGS = 4;

  /** A download from the supernode cache is withdrawn if the child does not poll for this long. */
  static final long UNCLAIMED_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * A peer that lacks something, and has nothing in flight and no plan, gets any piece from any
   * parent after this time.
   */
  static final long STARVING_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** After this time it gets it even from a parent that has much to send. */
  static final long URGENT_NANOS = TimeUnit.SECONDS.toNanos(4);

  /** If the uplink needs longer than this for what is assigned, further downloads wait. */
  static final long QUEUE_NANOS = TimeUnit.SECONDS.toNanos(2);

  /** Bytes that each task may plan in one turn. Larger pieces take several turns. */
  static final long TURN_BYTES = PieceLayout.MIN_PIECE_LENGTH;

  /**
   * A peer with more than this assigned, in seconds of its uplink and in pieces, has no capacity
   * for pieces that were not planned from it.
   */
  static final double SPARE_SECONDS = 0.25;

  static final int SPARE_PIECES = 4;

  /**
   * Planned downloads of one child, in seconds of its downlink. A piece is planned half a second
   * before the supernode cache sends it, and takes another half a second to reach the last of ten
   * thousand peers.
   */
  static final double DOWNLINK_SECONDS = 2;

  /**
   * The same for each doubling of the number of peers, if that is more, since pieces then travel
   * longer.
   */
  static final double DOWNLINK_SECONDS_PER_DOUBLING = 0.25;

  static final int DOWNLINK_PIECES = 32;

  /** While more than this share of the peers is full, no fresh piece is planned. */
  static final double MOST_FULL = 0.25;

  /** A piece is planned again if fewer than one in this number of peers has a plan for it. */
  static final int THIN = 8;

  /** Number of these pieces that are planned at a time. */
  static final int THIN_AT_ONCE = 64;

  /** Number of fresh pieces that a peer of unknown rate may own at a time. */
  static final int UNPROVEN_OWNS = 2;

  /** Number of peers through which pieces enter a zone. */
  static final int ENTRIES = 4;

  /** Up to this number of peers in a zone, each peer uploads to each other one. */
  static final int MESH = PARENTS;

  /** Number of trees if there are more peers. It is even, so that all peers upload equally much. */
  static final int TREES = ENTRIES;

  /** Trees need similar uplinks: only one in ten may be slower than this share of the others. */
  static final double EVEN = 0.6;

  /** Number of fresh pieces that the root of a tree may own at a time, at least. */
  static final int ROOT_OWNS = 4;

  /** Parents of an entry peer in other zones. */
  static final int ENTRY_PARENTS = 2;

  /**
   * The same with trees. A peer that uploads to another zone does so in addition to its part in the
   * trees, so these uploads should be spread over many peers; but an entry peer has parents in its
   * trees, too.
   */
  static final int ENTRY_PARENTS_WITH_TREES = 3;

  /** A rate below this share of the median is slow. */
  static final double SLOW = 0.5;

  /** A downlink of unknown rate is not judged before this time, if nothing has arrived. */
  static final long LAG_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  /** Factor for the expected time of the supernode cache, so that peers are preferred. */
  static final int CDN_FACTOR = 2;

  /** Additional pieces that may be planned on an uplink if a peer waits for the next piece. */
  static final int URGENT_PIECES = 2;

  /** A download is this late at least before a second one of the same piece starts. */
  static final long HEDGE_NANOS = TimeUnit.SECONDS.toNanos(1);

  /**
   * How long before its parent has a piece a child may request it. The scheduler notices up to 100
   * ms late that it is time. The child's next poll comes as much later. The response and the
   * request take up to 250 ms on busy links, and the piece may arrive early. With a shorter time
   * pieces would wait for their children; with a longer one requests that have to wait would take
   * the place of others.
   */
  static final long EARLY_NANOS = TimeUnit.MILLISECONDS.toNanos(600);

  /** The same among many peers: the deeper their trees, the less predictable the time. */
  static final long EARLY_AMONG_MANY_NANOS = TimeUnit.MILLISECONDS.toNanos(400);

  /** More peers than this are many. */
  static final int MANY = 256;

  /** A planned parent is replaced if it gets the piece this much later than expected. */
  static final long BEHIND_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Rate that is assumed until one is measured, in bytes per second. */
  static final double ASSUMED_RATE = 10e6;

  /** Plans do not wait for a peer that has reported nothing for this long. */
  static final long SILENT_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** This number of children must report that a parent does not upload before it counts as gone. */
  static final int FAILED_CHILDREN = 2;

  /** How long such a report counts: long enough for several children to notice. */
  static final long FAILED_NANOS = TimeUnit.SECONDS.toNanos(30);

  /**
   * How long the parent counts as gone, unless it reports something or children report it again.
   */
  static final long GONE_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** If at most this number of pieces is missing, each is checked. */
  static final int FEW = 64;

  private Limits() {}
}
