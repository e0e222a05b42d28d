package io.dragonfly.scheduler;

import io.dragonfly.control.Outcome;
import java.util.Collection;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Plans the fresh pieces of one task: those that only the supernode cache has. Each goes from the
 * cache to one peer, its owner, and the others are assigned at the same time whom to get it from.
 * Only as many are planned as the cache can send soon, so that plans are based on current rates.
 */
final class FreshPlanner {
  private final Swarm swarm;
  private boolean mayBeWanted = true;
  private boolean mayHaveOwner = true;
  private boolean isQueued;

  /** Bytes planned beyond the turns so far. The task skips turns until this is 0 or less. */
  private long debt;

  FreshPlanner(Swarm swarm) {
    this.swarm = swarm;
  }

  /** Records that there may be another piece to plan, or a peer to plan one for. */
  void somethingChanged() {
    mayBeWanted = true;
    mayHaveOwner = true;
  }

  /** Records the report of a child. If it did not fail, it can only become an owner. */
  void reported(Member child, Outcome outcome) {
    mayBeWanted |= outcome != Outcome.DONE;
    mayHaveOwner |= outcome != Outcome.DONE || !child.isFull();
  }

  /** Tells whether there may be something to plan, if the supernode cache has capacity. */
  boolean mayPlan() {
    return mayBeWanted && mayHaveOwner && !swarm.fresh().isEmpty() && !swarm.isBackedUp();
  }

  /** Tells whether the task is within its share of the supernode cache's uplink. */
  boolean isInShare() {
    return mayPlan() && swarm.cdn().peer().mayPlan(swarm.cdn());
  }

  /** Plans one piece; returns false if there is none to plan now. */
  boolean plan() {
    if (!mayPlan()) {
      return false;
    }
    int piece = firstWanted();
    mayBeWanted = piece >= 0;
    mayHaveOwner = piece < 0 || plan(piece);
    return mayBeWanted && mayHaveOwner;
  }

  /** Uses a turn of this task; returns whether it may plan something in it. */
  boolean isInTurn() {
    if (debt > 0) {
      debt -= Limits.TURN_BYTES;
    }
    return debt <= 0;
  }

  boolean isQueued() {
    return isQueued;
  }

  void setQueued(boolean queued) {
    isQueued = queued;
    debt = 0;
  }

  /** Plans a piece that a peer waits for, even if others are before it; returns whether it did. */
  boolean planNow(int piece) {
    return swarm.fresh().get(piece) && swarm.cdn().peer().mayPlanNow(swarm.cdn()) && plan(piece);
  }

  /**
   * Plans pieces again that were planned when there were far fewer peers. Peers that joined later
   * then get them along the trees too, instead of searching for them among the few that have them.
   */
  void planThin() {
    if (!swarm.cdn().zone().hasTrees()) {
      return;
    }
    for (int piece : thin()) {
      if (!swarm.isBackedUp() && swarm.cdn().has(piece)) {
        Member root =
            OwnerRotation.next(swarm.cdn().zone().entries(), m -> m.has(piece) || mayOwn(m, piece));
        if (root != null) {
          new PieceDistribution(swarm, piece).from(root);
        }
      }
    }
  }

  private int[] thin() {
    Rarity rarity = swarm.rarity();
    int most = swarm.members().size() / Limits.THIN;
    return IntStream.range(rarity.firstWithCopies(), rarity.pieces())
        .map(rarity::at)
        .takeWhile(piece -> rarity.count(piece) <= most)
        .limit(Limits.THIN_AT_ONCE)
        .toArray();
  }

  private boolean mayOwn(Member root, int piece) {
    return root.isCounted() && root.lacks(piece) && mayOwnMoreAsRoot(root);
  }

  /**
   * Returns the first fresh piece that is lacked by a peer that is neither full nor absent; -1 if
   * there is none.
   */
  private int firstWanted() {
    int firstOfAll = swarm.fresh().nextSetBit(0);
    int first = -1;
    for (Member member : swarm.members()) {
      if (!member.isFull() && !member.peer().isAbsent()) {
        int piece = member.firstLacking(swarm.fresh());
        if (piece >= 0 && (first < 0 || piece < first)) {
          first = piece;
        }
        if (first == firstOfAll) {
          // Most want the whole file. Otherwise each of thousands of peers that join would check
          // all others.
          return first;
        }
      }
    }
    return first;
  }

  /**
   * Plans a fresh piece for all peers that want it; returns false if there is no owner for it now.
   */
  private boolean plan(int piece) {
    Member owner = owner(piece);
    if (owner == null) {
      return false;
    }
    debt += swarm.bytes(piece);
    new PieceDistribution(swarm, piece).from(owner);
    return true;
  }

  private @Nullable Member owner(int piece) {
    long now = swarm.registry().now();
    Predicate<Member> wants =
        m ->
            m.lacks(piece)
                && !m.peer().isAbsent()
                && !m.peer().backoff().avoids(swarm.cdn().peer(), now);
    Predicate<Member> good = wants.and(Member::isCounted);
    Zone here = swarm.cdn().zone();
    Collection<Member> near = here.members();
    boolean hasTrees = here.hasTrees();
    if (hasPowerEnough(near, good)) {
      // With trees the owner is the root whose turn it is, so that all trees upload equally much.
      Member root =
          hasTrees ? OwnerRotation.next(here.entries(), good.and(this::mayOwnMoreAsRoot)) : null;
      return root != null ? root : OwnerRotation.next(near, good.and(FreshPlanner::mayOwnMore));
    }
    if (swarm.members().stream().anyMatch(good)) {
      return OwnerRotation.next(swarm.members(), good.and(FreshPlanner::mayOwnMore));
    }
    // Only slow or hidden peers want it.
    return OwnerRotation.next(swarm.members(), wants.and(m -> !m.isFull()));
  }

  /** Tells whether these peers can receive what the supernode cache sends at about its rate. */
  private boolean hasPowerEnough(Collection<Member> members, Predicate<Member> good) {
    double needed = Limits.SLOW * swarm.cdn().peer().upRate();
    double rates = 0;
    for (Member member : members) {
      if (good.test(member)) {
        rates += member.peer().upRate();
        if (rates >= needed) {
          return true;
        }
      }
    }
    return false;
  }

  /**
   * Each root must get its part of what the supernode cache sends, because no other peer can take
   * its place.
   */
  private boolean mayOwnMoreAsRoot(Member root) {
    double rate = swarm.registry().downRateAtLeast(root.peer());
    return root.owned()
        < Math.max(Limits.ROOT_OWNS, Limits.CDN_SECONDS * rate / swarm.pieceLength());
  }

  private static boolean mayOwnMore(Member member) {
    boolean isProven = member.peer().down().meter().least() > 0;
    return !member.isFull() && (isProven || member.owned() < Limits.UNPROVEN_OWNS);
  }
}
