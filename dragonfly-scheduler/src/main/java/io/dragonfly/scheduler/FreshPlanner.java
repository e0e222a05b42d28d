package io.dragonfly.scheduler;

import io.dragonfly.control.Outcome;
import java.util.Collection;
import java.util.function.Predicate;
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
    mayHaveOwner |= outcome != Outcome.DONE || !taker.peer().isFull();
  }

  /** Plans as many pieces as there are, and room for. */
  void plan() {
    while (mayBeWanted
        && mayHaveOwner
        && !swarm.fresh().isEmpty()
        && swarm.cdn().peer().hasRoomToPlan(0)) {
      int piece = firstWanted();
      mayBeWanted = piece >= 0;
      mayHaveOwner = piece < 0 || plan(piece);
    }
  }

  /**
   * Plans a piece that somebody waits for, even if others are before it; returns whether it did.
   */
  boolean planNow(int piece) {
    return swarm.fresh().get(piece)
        && swarm.cdn().peer().hasRoomToPlanNow(swarm.pieceLength())
        && plan(piece);
  }

  private int firstWanted() {
    int first = -1;
    for (Member member : swarm.members()) {
      int piece = swarm.fresh().nextSetBit(member.wanted().first());
      if (piece >= 0 && piece < member.wanted().end() && (first < 0 || piece < first)) {
        first = piece;
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
    new Spread(swarm, piece).from(owner);
    return true;
  }

  private @Nullable Member owner(int piece) {
    long now = swarm.fleet().now();
    Predicate<Member> wants =
        m -> m.lacks(piece) && !m.peer().avoidance().avoids(swarm.cdn().peer(), now);
    Predicate<Member> good = wants.and(Member::isCounted);
    Collection<Member> near = swarm.cdn().idc().members();
    if (hasPowerEnough(near, good)) {
      return Owners.next(near, good.and(FreshPlanner::mayOwnMore));
    }
    if (swarm.members().stream().anyMatch(good)) {
      return Owners.next(swarm.members(), good.and(FreshPlanner::mayOwnMore));
    }
    // Only slow or hidden peers want it.
    return Owners.next(swarm.members(), wants.and(m -> !m.peer().isFull()));
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

  private static boolean mayOwnMore(Member member) {
    boolean isProven = member.peer().down().meter().least() > 0;
    return !member.peer().isFull() && (isProven || member.owned() < Limits.UNPROVEN_OWNS);
  }
}
