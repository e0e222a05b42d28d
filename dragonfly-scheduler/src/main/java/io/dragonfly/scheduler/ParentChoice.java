package io.dragonfly.scheduler;

import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the parent for a piece that was not planned for the child: a peer with the piece and
 * uplink capacity, in the zone of the child unless that has no copy, or the supernode cache.
 */
final class ParentChoice {
  /** A peer without capacity is expected to upload a piece after this time. */
  private static final long BUSY_NANOS = (long) (Limits.PEER_SECONDS * TimeUnit.SECONDS.toNanos(1));

  /** Number of peers that are compared. */
  private static final int COMPARED = 3;

  private final Swarm swarm;
  private int turn;

  // The search is held in fields: an object for each search would be most of all allocations.
  private Member child;
  private int piece;
  private @Nullable Member excluded;
  private SlotSet holders = new SlotSet();
  private long now;

  ParentChoice(Swarm swarm) {
    this.swarm = swarm;
    child = swarm.cdn();
  }

  @Nullable Member parentOf(Member forChild, int ofPiece) {
    return parentOf(forChild, ofPiece, null);
  }

  /** Like above, but excludes the parent {@code notThis}. */
  @Nullable Member parentOf(Member forChild, int ofPiece, @Nullable Member notThis) {
    child = forChild;
    piece = ofPiece;
    excluded = notThis;
    holders = swarm.holders(ofPiece);
    now = swarm.registry().now();
    boolean isNearPossible = child.zone().hasCopy(piece) && mayComeFromNear();
    Member best = best(child.zone().slots());
    if (best == null && !isNearPossible) {
      best = best(null);
    }
    boolean mayAskFar = !isNearPossible || child.peer().backoff().isUnlucky();
    boolean isCdnNear = swarm.cdn().zone() == child.zone();
    return (isCdnNear || mayAskFar) && mayUseCdn(best) ? swarm.cdn() : best;
  }

  private boolean may(Member parent) {
    return parent != child
        && parent != excluded
        && !child.peer().backoff().avoids(parent.peer(), now);
  }

  /** Tells whether a peer in the zone has the piece or will get it, without those in backoff. */
  private boolean mayComeFromNear() {
    SlotSet near = child.zone().slots();
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

  /** Compares a few peers with capacity, different ones each time. */
  private @Nullable Member best(@Nullable SlotSet among) {
    return child.hasAllParents() ? bestParent(among) : bestHolder(among);
  }

  private @Nullable Member bestParent(@Nullable SlotSet among) {
    Member best = null;
    Parents parents = child.parents();
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

  private @Nullable Member bestHolder(@Nullable SlotSet among) {
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
    if (child.peer().backoff().isUnlucky() && cdn.peer().mayPlan(cdn)) {
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
