package io.dragonfly.scheduler;

import io.dragonfly.control.Outcome;
import java.util.Collection;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Plans the pieces of one task that nobody but the CDN cache has. Each goes from the cache to one
 * owner, and the others are told at the same time whom to take it from. Not more of them are
 * planned than the cache can send soon, so that plans rest on rates of now.
 */
final class FreshPlanner {
  private final Swarm swarm;
  private boolean mayBeWanted = true;
  private boolean mayHaveOwner = true;
  private boolean isQueued;

  /** Bytes planned beyond its turns so far. The task skips turns until this is 0 or less. */
  private long debt;

  FreshPlanner(Swarm swarm) {
    this.swarm = swarm;
  }

  /** There may be another piece to plan, or somebody to plan one for. */
  void somethingChanged() {
    mayBeWanted = true;
    mayHaveOwner = true;
  }

  /** A taker has reported: if it did not fail, that can only make it an owner. */
  void reported(Member taker, Outcome outcome) {
    mayBeWanted |= outcome != Outcome.DONE;
    mayHaveOwner |= outcome != Outcome.DONE || !taker.isFull();
  }

  /** Tells whether there may be something to plan now, if the CDN cache has room. */
  boolean mayPlan() {
    return mayBeWanted && mayHaveOwner && !swarm.fresh().isEmpty() && !swarm.isBackedUp();
  }

  /** Tells whether it may plan something now, though others may come first. */
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

  /** It would be this task's turn; returns whether it may plan something in it. */
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

  /**
   * Plans a piece that somebody waits for, even if others are before it; returns whether it did.
   */
  boolean planNow(int piece) {
    return swarm.fresh().get(piece) && swarm.cdn().peer().mayPlanNow(swarm.cdn()) && plan(piece);
  }

  /**
   * Plans once more what was planned when far fewer peers were there: whoever has joined since gets
   * it along the trees, too, and need not look for it among the few that have it.
   */
  void planThin() {
    if (!swarm.cdn().idc().hasTrees()) {
      return;
    }
    for (int piece : thin()) {
      if (!swarm.isBackedUp() && swarm.cdn().has(piece)) {
        Member root =
            Owners.next(swarm.cdn().idc().entries(), m -> m.has(piece) || mayOwn(m, piece));
        if (root != null) {
          new Spread(swarm, piece).from(root);
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
   * Returns the first fresh piece that a peer lacks which is neither full nor absent; -1 if there
   * is none.
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
          // Most want the whole file: with thousands of them each that joins would ask all others.
          return first;
        }
      }
    }
    return first;
  }

  /** Plans a fresh piece for all that want it; returns false if nobody can be its owner now. */
  private boolean plan(int piece) {
    Member owner = owner(piece);
    if (owner == null) {
      return false;
    }
    debt += swarm.bytes(piece);
    new Spread(swarm, piece).from(owner);
    return true;
  }

  private @Nullable Member owner(int piece) {
    long now = swarm.fleet().now();
    Predicate<Member> wants =
        m ->
            m.lacks(piece)
                && !m.peer().isAbsent()
                && !m.peer().avoidance().avoids(swarm.cdn().peer(), now);
    Predicate<Member> good = wants.and(Member::isCounted);
    Idc here = swarm.cdn().idc();
    Collection<Member> near = here.members();
    boolean hasTrees = here.hasTrees();
    if (hasPowerEnough(near, good)) {
      // With trees it is their roots' turn, so that all trees have equally much to pass on.
      Member root = hasTrees ? Owners.next(here.entries(), good.and(this::mayOwnMoreAsRoot)) : null;
      return root != null ? root : Owners.next(near, good.and(FreshPlanner::mayOwnMore));
    }
    if (swarm.members().stream().anyMatch(good)) {
      return Owners.next(swarm.members(), good.and(FreshPlanner::mayOwnMore));
    }
    // Only slow or hidden peers want it.
    return Owners.next(swarm.members(), wants.and(m -> !m.isFull()));
  }

  /** Tells whether these can take all from the CDN cache as fast as it gives, or nearly. */
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

  /** A root gets its part of what the CDN cache sends, and no other can do that for it. */
  private boolean mayOwnMoreAsRoot(Member root) {
    double rate = swarm.fleet().downRateAtLeast(root.peer());
    return root.owned()
        < Math.max(Limits.ROOT_OWNS, Limits.CDN_SECONDS * rate / swarm.pieceLength());
  }

  private static boolean mayOwnMore(Member member) {
    boolean isProven = member.peer().down().meter().least() > 0;
    return !member.isFull() && (isProven || member.owned() < Limits.UNPROVEN_OWNS);
  }
}
