package io.dragonfly.scheduler;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Says what a taker of one task does next: what was planned for it, in order; else the rarest piece
 * that somebody can give now; else, if nothing is left to ask for, another copy of a late one.
 */
final class Assigner {
  /** So many planned pieces are looked at if the first ones have to wait. */
  private static final int LOOKED_AT = 64;

  /** If so few pieces are missing, they are looked at one by one. */
  private static final int FEW = 64;

  /** Of more missing pieces, so many of the rarest are tried. */
  private static final int RAREST_TRIED = 32;

  /** If those are not to be had, so many from each who has room. */
  private static final int TRIED_FROM_ONE = 4;

  private final Swarm swarm;
  private final FreshPlanner fresh;
  private final ParentChoice parents;

  Assigner(Swarm swarm, FreshPlanner fresh) {
    this.swarm = swarm;
    this.fresh = fresh;
    parents = new ParentChoice(swarm);
  }

  /** Returns what is assigned now; null if there is nothing for this taker. */
  @Nullable Take next(Member taker) {
    if (!taker.hasRoom()) {
      return null;
    }
    Take take = planned(taker);
    if (take == null) {
      BitSet lacking = taker.lacking(swarm.available());
      if (lacking.isEmpty()) {
        take = taker.agenda().isEmpty() ? hedge(taker) : null;
      } else {
        take = missing(taker, lacking);
      }
    }
    if (take != null) {
      take.assign(swarm.fleet().now());
    }
    return take;
  }

  private @Nullable Take planned(Member taker) {
    List<Take> stale = new ArrayList<>();
    Take next = taker.agenda().first(LOOKED_AT, take -> mayBeAssigned(take, stale));
    stale.forEach(Take::end);
    return next;
  }

  private boolean mayBeAssigned(Take take, List<Take> stale) {
    PeerState parent = take.parent().peer();
    if (isStale(take)) {
      stale.add(take);
      return false;
    }
    if (isEarly(take) || isAvoided(take)) {
      return false; // it is woken when its parent has the piece, or time has passed
    }
    if (!parent.hasRoomFor(take.parent())) {
      take.taker().peer().waitFor(parent);
      return false;
    }
    return take.taker().mayAskFrom(take.parent());
  }

  /**
   * Tells whether the parent gets the piece so much later that asking for it now would only keep
   * the taker from asking for what is to be had.
   */
  private boolean isEarly(Take take) {
    if (take.parent().has(take.piece())) {
      return false;
    }
    Take before = take.parent().take(take.piece());
    return before != null && before.due() - swarm.fleet().now() > Limits.EARLY_NANOS;
  }

  private boolean isAvoided(Take take) {
    return take.taker().peer().avoidance().avoids(take.parent().peer(), swarm.fleet().now());
  }

  /** Tells whether the parent will not give the piece, or much later than another could. */
  private boolean isStale(Take take) {
    Member parent = take.parent();
    long now = swarm.fleet().now();
    if (take.taker().peer().avoidance().hasFailed(parent.peer(), now)
        || !parent.hasOrAsked(take.piece())) {
      return true;
    }
    boolean isLate = !parent.has(take.piece()) && now - take.due() > Limits.BEHIND_NANOS;
    boolean isBehind = isLate || parent.peer().isSlow();
    return isBehind && !swarm.holders(take.piece()).isEmpty();
  }

  private @Nullable Take missing(Member taker, BitSet lacking) {
    Take take = null;
    if (swarm.hasRoom()) {
      take = taker.wantsInOrder() ? inOrder(taker, lacking) : rarest(taker, lacking);
    }
    if (take == null) {
      swarm.hungry().foundNothing(taker, swarm.hasRoom());
    } else {
      swarm.hungry().foundSomething(taker);
    }
    return take;
  }

  private @Nullable Take inOrder(Member taker, BitSet lacking) {
    int tried = 0;
    for (int piece = lacking.nextSetBit(0);
        piece >= 0 && tried < FEW;
        piece = lacking.nextSetBit(piece + 1), tried++) {
      if (fresh.planNow(piece)) {
        Take take = planned(taker);
        if (take != null) {
          return take;
        }
      } else {
        Take take = tryToTake(taker, piece);
        if (take != null) {
          return take;
        }
      }
    }
    return null;
  }

  private @Nullable Take rarest(Member taker, BitSet lacking) {
    if (lacking.cardinality() <= FEW) {
      return rarestOfFew(taker, lacking);
    }
    Rarity rarity = swarm.rarity();
    int tried = 0;
    for (int place = rarity.firstWithCopies();
        place < rarity.pieces() && tried < RAREST_TRIED;
        place++) {
      int piece = rarity.at(place);
      if (lacking.get(piece)) {
        tried++;
        Take take = tryToTake(taker, piece);
        if (take != null) {
          return take;
        }
      }
    }
    return fromAnyoneWithRoom(taker, lacking);
  }

  private @Nullable Take rarestOfFew(Member taker, BitSet lacking) {
    Rarity rarity = swarm.rarity();
    int[] pieces =
        lacking.stream()
            .boxed()
            .sorted((a, b) -> Integer.compare(rarity.count(a), rarity.count(b)))
            .mapToInt(Integer::intValue)
            .toArray();
    for (int piece : pieces) {
      Take take = tryToTake(taker, piece);
      if (take != null) {
        return take;
      }
    }
    return null;
  }

  /** The rarest pieces are not to be had now: what those with room on their uplinks have, then. */
  private @Nullable Take fromAnyoneWithRoom(Member taker, BitSet lacking) {
    if (taker.hasAllParents()) {
      for (Member parent : taker.parents()) {
        Take take = parent.peer().isSpare() ? from(parent, taker, lacking) : null;
        if (take != null) {
          return take;
        }
      }
      return null;
    }
    BitSet spare = swarm.spare();
    for (int slot = spare.nextSetBit(0); slot >= 0; slot = spare.nextSetBit(slot + 1)) {
      Member holder = swarm.at(slot);
      Take take = holder == null || holder == taker ? null : from(holder, taker, lacking);
      if (take != null) {
        return take;
      }
    }
    return null;
  }

  private @Nullable Take from(Member holder, Member taker, BitSet lacking) {
    if (!holder.pieces().intersects(lacking)) {
      return null;
    }
    BitSet pieces = (BitSet) holder.pieces().clone();
    pieces.and(lacking);
    int tried = 0;
    for (int piece = pieces.nextSetBit(0);
        piece >= 0 && tried < TRIED_FROM_ONE;
        piece = pieces.nextSetBit(piece + 1), tried++) {
      Take take = tryToTake(taker, piece);
      if (take != null) {
        return take;
      }
    }
    return null;
  }

  private @Nullable Take tryToTake(Member taker, int piece) {
    Member parent = parents.parentOf(taker, piece);
    if (parent == null || !taker.mayAskFrom(parent)) {
      return null;
    }
    long due = swarm.fleet().now() + parent.peer().upNanos(swarm.bytes(piece));
    return Take.plan(taker, piece, parent, due);
  }

  private @Nullable Take hedge(Member taker) {
    for (Take late : taker.assigned().values()) {
      if (isToBeHedged(late)) {
        Member parent = parents.parentOf(taker, late.piece(), late.parent());
        if (parent != null) {
          long due = swarm.fleet().now() + parent.peer().upNanos(late.bytes());
          return Take.plan(taker, late.piece(), parent, due);
        }
      }
    }
    return null;
  }

  private boolean isToBeHedged(Take take) {
    return !take.taker().isHedged(take.piece()) && take.isLate(swarm.fleet().now());
  }

  /** Tells whether time has made something late for a taker that has nothing left to ask for. */
  boolean hasLate(Member taker) {
    return !taker.assigned().isEmpty()
        && taker.agenda().isEmpty()
        && taker.assigned().values().stream().anyMatch(this::isToBeHedged);
  }
}
