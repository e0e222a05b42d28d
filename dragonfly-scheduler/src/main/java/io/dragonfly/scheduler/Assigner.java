package io.dragonfly.scheduler;

import java.util.BitSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Says what a taker of one task does next: what was planned for it, in order; else the rarest piece
 * that somebody can give now; else, if nothing is left to ask for, another copy of a late one.
 */
final class Assigner {
  /** Of more missing pieces, so many of the rarest are tried. */
  private static final int RAREST_TRIED = 32;

  /** If those are not to be had, so many from each who has room. */
  private static final int TRIED_FROM_ONE = 4;

  /** So many of those with room are looked at, others each time. */
  private static final int HOLDERS_LOOKED_AT = 64;

  private final Swarm swarm;
  private final FreshPlanner fresh;
  private final ParentChoice parents;
  private final LastResort lastResort;

  /** What the taker lacks that is looked at; one for all, since it is needed for each. */
  private final BitSet lacking = new BitSet();

  /** The few pieces that a taker lacks, the rarest first. */
  private final int[] few = new int[Limits.FEW];

  /** Made once: each tick asks it about each taker. */
  private final Predicate<Take> isLate = take -> take.isAssigned() && isToBeHedged(take);

  private int turn;

  Assigner(Swarm swarm, FreshPlanner fresh) {
    this.swarm = swarm;
    this.fresh = fresh;
    parents = new ParentChoice(swarm);
    lastResort = new LastResort(swarm);
  }

  /**
   * Tells whether there may be something for a taker that has just reported. Another copy of a late
   * piece is not meant: time brings that.
   */
  boolean mayAssign(Member taker) {
    return taker.agenda().hasOffers(swarm.fleet().now())
        ? taker.hasRoom()
        : taker.isHungry() && swarm.mayBeFound() && swarm.hungry().mayLook(taker);
  }

  /** Returns what is assigned now; null if there is nothing for this taker. */
  @Nullable Take next(Member taker) {
    if (!taker.hasRoom()) {
      return null;
    }
    Take take = planned(taker);
    if (take == null && taker.isHungry() && mayFindMore(taker)) {
      taker.findLacking(swarm.available(), lacking);
      take = lacking.isEmpty() ? late(taker) : missing(taker);
    }
    if (take == null && taker.isStarving(swarm.fleet().now())) {
      take = lastResort.take(taker);
    }
    if (take != null) {
      take.assign(swarm.fleet().now());
    }
    return take;
  }

  /** Tells whether there is anything to look for: a missing piece, or if none is, a late one. */
  private boolean mayFindMore(Member taker) {
    return swarm.hungry().mayLook(taker) || taker.agenda().isEmpty();
  }

  private @Nullable Take late(Member taker) {
    return taker.agenda().isEmpty() ? hedge(taker) : null;
  }

  private @Nullable Take planned(Member taker) {
    Agenda agenda = taker.agenda();
    agenda.offerEarly(swarm.fleet().now());
    Take take = agenda.first();
    while (take != null && !mayBeAssigned(take)) {
      take = agenda.first();
    }
    return take;
  }

  /** Tells whether it may; if not, it waits for what keeps it from that. */
  private boolean mayBeAssigned(Take take) {
    Agenda agenda = take.taker().agenda();
    Member parent = take.parent();
    if (isStale(take)) {
      take.end();
      return false;
    }
    if (take.waitIfEarly(swarm.fleet().now())) {
      return false;
    }
    if (isAvoided(take) || !take.taker().mayAskFrom(parent)) {
      agenda.pause(take);
      return false;
    }
    if (!parent.peer().mayAssign(parent)) {
      parent.peer().awaitRoom(take);
      return false;
    }
    return true;
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

  private @Nullable Take missing(Member taker) {
    if (!swarm.hungry().mayLook(taker)) {
      return null;
    }
    Take take = null;
    if (taker.wantsInOrder()) {
      take = swarm.hasRoom() ? inOrder(taker) : null;
    } else if (swarm.hasRoom()) {
      take = rarest(taker);
    }
    if (take == null) {
      swarm.hungry().foundNothing(taker, swarm.hasRoom());
    } else {
      swarm.hungry().foundSomething(taker);
    }
    return take;
  }

  private @Nullable Take inOrder(Member taker) {
    int tried = 0;
    for (int piece = lacking.nextSetBit(0);
        piece >= 0 && tried < Limits.FEW;
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

  private @Nullable Take rarest(Member taker) {
    lacking.andNot(swarm.fresh()); // which are planned for all that want them
    if (lacking.cardinality() <= Limits.FEW) {
      return rarestOfFew(taker);
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
    return fromAnyoneWithRoom(taker);
  }

  private @Nullable Take rarestOfFew(Member taker) {
    int size = 0;
    for (int piece = lacking.nextSetBit(0); piece >= 0; piece = lacking.nextSetBit(piece + 1)) {
      insertByRarity(piece, size++);
    }
    for (int place = 0; place < size; place++) {
      Take take = tryToTake(taker, few[place]);
      if (take != null) {
        return take;
      }
    }
    return null;
  }

  /** Puts a piece behind those in {@code few} that are as rare, and before the others. */
  private void insertByRarity(int piece, int size) {
    int count = swarm.rarity().count(piece);
    int place = size;
    while (place > 0 && swarm.rarity().count(few[place - 1]) > count) {
      few[place] = few[place - 1];
      place--;
    }
    few[place] = piece;
  }

  /** The rarest pieces are not to be had now: what those with room on their uplinks have, then. */
  private @Nullable Take fromAnyoneWithRoom(Member taker) {
    if (taker.hasAllParents()) {
      Parents all = taker.parents();
      for (int place = 0; place < all.size(); place++) {
        Member parent = all.get(place);
        Take take = parent.isSpare() ? from(parent, taker) : null;
        if (take != null) {
          return take;
        }
      }
      return null;
    }
    return fromHolderWithRoom(taker);
  }

  private @Nullable Take fromHolderWithRoom(Member taker) {
    Slots spare = swarm.spare();
    int slot = turn % swarm.slots();
    for (int looked = 0; looked < HOLDERS_LOOKED_AT; looked++) {
      slot = spare.next(slot, null, null);
      if (slot < 0) {
        slot = spare.next(0, null, null);
      }
      if (slot < 0) {
        return null;
      }
      Member holder = swarm.at(slot++);
      turn = slot;
      Take take = holder == null || holder == taker ? null : from(holder, taker);
      if (take != null) {
        return take;
      }
    }
    return null;
  }

  private @Nullable Take from(Member holder, Member taker) {
    if (!holder.pieces().intersects(lacking)) {
      return null;
    }
    int tried = 0;
    for (int piece = lacking.nextSetBit(0);
        piece >= 0 && tried < TRIED_FROM_ONE;
        piece = lacking.nextSetBit(piece + 1)) {
      if (!holder.has(piece)) {
        continue;
      }
      tried++;
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
    for (Take late : taker.assigned()) {
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

  /** Tells whether time has brought a taker something to do, and lets it look at it. */
  boolean hasTimeBrought(Member taker) {
    Agenda agenda = taker.agenda();
    boolean hasPaused = agenda.hasPaused();
    if (hasPaused) {
      agenda.offerPaused();
    }
    dropStale(taker.giving());
    long now = swarm.fleet().now();
    if (taker.peer().hasNotAsked(now) && agenda.withdrawUnclaimed(now)) {
      taker.peer().becomeAbsent();
    }
    return hasPaused || agenda.isTimeFor(now) || hasLate(taker) || taker.isStarving(now);
  }

  /** Nobody is to wait for room at a parent that will not have the piece. */
  private void dropStale(Giving giving) {
    for (Take take = giving.firstWaiting();
        take != null && isStale(take);
        take = giving.firstWaiting()) {
      take.offer();
    }
  }

  /** Tells whether something is late for a taker that has nothing left to ask for. */
  private boolean hasLate(Member taker) {
    return taker.hasAssigned() && taker.agenda().isEmpty() && taker.hasTake(isLate);
  }
}
