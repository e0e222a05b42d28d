package io.dragonfly.scheduler;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * From whom a taker gets a piece that was not planned ahead for it: a holder with room on its
 * uplink, in the taker's own data centre unless there is no copy, or the CDN cache.
 */
final class ParentChoice {
  /** A holder without room is expected to give a piece after this time. */
  private static final long BUSY_NANOS = (long) (Limits.PEER_SECONDS * TimeUnit.SECONDS.toNanos(1));

  /** So many holders are compared. */
  private static final int COMPARED = 3;

  private final Swarm swarm;
  private int turn;

  // What is looked for: fields, since an object for each look would be most of what is allocated.
  private Member taker;
  private int piece;
  private @Nullable Member excluded;
  private Slots holders = new Slots();
  private long now;

  ParentChoice(Swarm swarm) {
    this.swarm = swarm;
    taker = swarm.cdn();
  }

  @Nullable Member parentOf(Member forTaker, int ofPiece) {
    return parentOf(forTaker, ofPiece, null);
  }

  /** Like above, but from another than {@code notThis}. */
  @Nullable Member parentOf(Member forTaker, int ofPiece, @Nullable Member notThis) {
    taker = forTaker;
    piece = ofPiece;
    excluded = notThis;
    holders = swarm.holders(ofPiece);
    now = swarm.fleet().now();
    boolean isNearPossible = taker.idc().hasCopy(piece) && mayComeFromNear();
    Member best = best(taker.idc().slots());
    if (best == null && !isNearPossible) {
      best = best(null);
    }
    boolean mayAskFar = !isNearPossible || taker.peer().avoidance().isUnlucky();
    boolean isCdnNear = swarm.cdn().idc() == taker.idc();
    return (isCdnNear || mayAskFar) && mayUseCdn(best) ? swarm.cdn() : best;
  }

  private boolean may(Member parent) {
    return parent != taker
        && parent != excluded
        && !taker.peer().avoidance().avoids(parent.peer(), now);
  }

  /** Tells whether a peer nearby has the piece or will, other than those that are avoided. */
  private boolean mayComeFromNear() {
    Slots near = taker.idc().slots();
    boolean isHeld = false;
    for (int slot = holders.next(0, near, null);
        slot >= 0;
        slot = holders.next(slot + 1, near, null)) {
      Member holder = swarm.at(slot);
      isHeld = true;
      if (holder != null && may(holder)) {
        return true;
      }
    }
    return !isHeld;
  }

  /** Compares a few holders with room, others each time. */
  private @Nullable Member best(@Nullable Slots among) {
    return taker.hasAllParents() ? bestParent(among) : bestHolder(among);
  }

  private @Nullable Member bestParent(@Nullable Slots among) {
    Member best = null;
    Parents parents = taker.parents();
    for (int place = 0; place < parents.size(); place++) {
      Member parent = parents.get(place);
      if (!parent.isCdn()
          && parent.isSpare()
          && holders.get(parent.slot())
          && (among == null || among.get(parent.slot()))
          && may(parent)) {
        best = best == null || finish(parent) < finish(best) ? parent : best;
      }
    }
    return best;
  }

  private @Nullable Member bestHolder(@Nullable Slots among) {
    Member best = null;
    int compared = 0;
    int start = turn++ % swarm.slots();
    for (int pass = 0; pass < 2; pass++) {
      int end = pass == 0 ? swarm.slots() : start;
      for (int slot = holders.next(pass == 0 ? start : 0, among, swarm.spare());
          slot >= 0 && slot < end && compared < COMPARED;
          slot = holders.next(slot + 1, among, swarm.spare())) {
        Member holder = swarm.at(slot);
        if (holder != null && may(holder)) {
          compared++;
          best = best == null || finish(holder) < finish(best) ? holder : best;
        }
      }
    }
    return best;
  }

  private long finish(Member parent) {
    return parent.peer().upNanos(swarm.bytes(piece));
  }

  private boolean mayUseCdn(@Nullable Member best) {
    Member cdn = swarm.cdn();
    if (!cdn.has(piece) || !may(cdn)) {
      return false;
    }
    if (taker.peer().avoidance().isUnlucky() && cdn.peer().mayPlan(cdn)) {
      return true;
    }
    boolean isIdle = swarm.isCdnIdle();
    if (best != null) {
      return isIdle && Limits.CDN_FACTOR * finish(cdn) < finish(best);
    }
    boolean mayComeFromPeers = swarm.rarity().count(piece) > 0 && mayComeFromAnyPeer();
    return mayComeFromPeers
        ? isIdle && Limits.CDN_FACTOR * finish(cdn) < BUSY_NANOS
        : cdn.peer().mayPlanNow(cdn);
  }

  private boolean mayComeFromAnyPeer() {
    for (int slot = holders.next(0, null, null);
        slot >= 0;
        slot = holders.next(slot + 1, null, null)) {
      Member holder = swarm.at(slot);
      if (holder != null && may(holder)) {
        return true;
      }
    }
    return holders.isEmpty();
  }
}
