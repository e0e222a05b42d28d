package io.dragonfly.scheduler;

import java.util.BitSet;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Chooses what a child of one task downloads next: the planned pieces in order; else the rarest
 * piece that a parent can upload now; else, if nothing else is left, a late piece from a second
 * parent.
 */
final class Assigner {
  /** If many pieces are missing, this number of the rarest is tried. */
  private static final int RAREST_TRIED = 32;

  /** If those cannot be had, this number of pieces is tried from each peer with capacity. */
  private static final int TRIED_FROM_ONE = 4;

  /** Number of peers with capacity that are checked, different ones each time. */
  private static final int HOLDERS_LOOKED_AT = 64;

  private final Swarm swarm;
  private final FreshPlanner fresh;
  private final ParentChoice parents;
  private final LastResort lastResort;

  /** Pieces that the child lacks. One set is reused for all children. */
  private final BitSet lacking = new BitSet();

  /** The pieces that a child lacks, if they are few, the rarest first. */
  private final int[] few = new int[Limits.FEW];

  /** Created once, because each tick calls it for each child. */
  private final Predicate<PieceDownload> isLate =
      download -> download.isAssigned() && isToBeHedged(download);

  private int turn;

  Assigner(Swarm swarm, FreshPlanner fresh) {
    this.swarm = swarm;
    this.fresh = fresh;
    parents = new ParentChoice(swarm);
    lastResort = new LastResort(swarm);
  }

  /**
   * Tells whether there may be something for a child that has just reported. It does not consider
   * late pieces, which only need time.
   */
  boolean mayAssign(Member child) {
    return child.planned().hasOffers(swarm.registry().now())
        ? child.hasCapacity()
        : child.needsMore() && swarm.mayBeFound() && swarm.idlePeers().mayLook(child);
  }

  /** Returns the download that is assigned now; null if there is none for this child. */
  @Nullable PieceDownload next(Member child) {
    if (!child.hasCapacity()) {
      return null;
    }
    PieceDownload download = planned(child);
    if (download == null && child.needsMore() && mayFindMore(child)) {
      child.findLacking(swarm.available(), lacking);
      download = lacking.isEmpty() ? late(child) : missing(child);
    }
    if (download == null && child.isStarving(swarm.registry().now())) {
      download = lastResort.download(child);
    }
    if (download != null) {
      download.assign(swarm.registry().now());
    }
    return download;
  }

  /** Tells whether a search can succeed: a piece is missing, or a download is late. */
  private boolean mayFindMore(Member child) {
    return swarm.idlePeers().mayLook(child) || child.planned().isEmpty();
  }

  private @Nullable PieceDownload late(Member child) {
    return child.planned().isEmpty() ? hedge(child) : null;
  }

  private @Nullable PieceDownload planned(Member child) {
    PlannedDownloads planned = child.planned();
    planned.offerEarly(swarm.registry().now());
    PieceDownload download = planned.first();
    while (download != null && !mayBeAssigned(download)) {
      download = planned.first();
    }
    return download;
  }

  /** Tells whether a planned download may be assigned; if not, it waits for what prevents it. */
  private boolean mayBeAssigned(PieceDownload download) {
    PlannedDownloads planned = download.child().planned();
    Member parent = download.parent();
    if (isStale(download)) {
      download.end();
      return false;
    }
    if (download.waitIfEarly(swarm.registry().now())) {
      return false;
    }
    if (isAvoided(download) || !download.child().mayAskFrom(parent)) {
      planned.pause(download);
      return false;
    }
    if (!parent.peer().mayAssign(parent)) {
      parent.peer().awaitCapacity(download);
      return false;
    }
    return true;
  }

  private boolean isAvoided(PieceDownload download) {
    return download
        .child()
        .peer()
        .backoff()
        .avoids(download.parent().peer(), swarm.registry().now());
  }

  /**
   * Tells whether the parent will not get the piece, or much later than another could upload it.
   */
  private boolean isStale(PieceDownload download) {
    Member parent = download.parent();
    long now = swarm.registry().now();
    if (download.child().peer().backoff().hasFailed(parent.peer(), now)
        || !parent.hasOrAsked(download.piece())) {
      return true;
    }
    boolean isLate = !parent.has(download.piece()) && now - download.due() > Limits.BEHIND_NANOS;
    boolean isBehind = isLate || parent.peer().isSlow();
    return isBehind && !swarm.holders(download.piece()).isEmpty();
  }

  private @Nullable PieceDownload missing(Member child) {
    if (!swarm.idlePeers().mayLook(child)) {
      return null;
    }
    PieceDownload download = null;
    if (child.wantsInOrder()) {
      download = swarm.hasCapacity() ? inOrder(child) : null;
    } else if (swarm.hasCapacity()) {
      download = rarest(child);
    }
    if (download == null) {
      swarm.idlePeers().foundNothing(child, swarm.hasCapacity());
    } else {
      swarm.idlePeers().foundSomething(child);
    }
    return download;
  }

  private @Nullable PieceDownload inOrder(Member child) {
    int tried = 0;
    for (int piece = lacking.nextSetBit(0);
        piece >= 0 && tried < Limits.FEW;
        piece = lacking.nextSetBit(piece + 1), tried++) {
      if (fresh.planNow(piece)) {
        PieceDownload download = planned(child);
        if (download != null) {
          return download;
        }
      } else {
        PieceDownload download = tryDownload(child, piece);
        if (download != null) {
          return download;
        }
      }
    }
    return null;
  }

  private @Nullable PieceDownload rarest(Member child) {
    lacking.andNot(swarm.fresh()); // which are planned for all peers that want them
    if (lacking.cardinality() <= Limits.FEW) {
      return rarestOfFew(child);
    }
    Rarity rarity = swarm.rarity();
    int tried = 0;
    for (int place = rarity.firstWithCopies();
        place < rarity.pieces() && tried < RAREST_TRIED;
        place++) {
      int piece = rarity.at(place);
      if (lacking.get(piece)) {
        tried++;
        PieceDownload download = tryDownload(child, piece);
        if (download != null) {
          return download;
        }
      }
    }
    return fromAnyoneWithCapacity(child);
  }

  private @Nullable PieceDownload rarestOfFew(Member child) {
    int size = 0;
    for (int piece = lacking.nextSetBit(0); piece >= 0; piece = lacking.nextSetBit(piece + 1)) {
      insertByRarity(piece, size++);
    }
    for (int place = 0; place < size; place++) {
      PieceDownload download = tryDownload(child, few[place]);
      if (download != null) {
        return download;
      }
    }
    return null;
  }

  /** Inserts a piece into {@code few}, after the pieces that are as rare. */
  private void insertByRarity(int piece, int size) {
    int count = swarm.rarity().count(piece);
    int place = size;
    while (place > 0 && swarm.rarity().count(few[place - 1]) > count) {
      few[place] = few[place - 1];
      place--;
    }
    few[place] = piece;
  }

  /** The rarest pieces cannot be had now: tries other pieces of peers with capacity. */
  private @Nullable PieceDownload fromAnyoneWithCapacity(Member child) {
    if (child.hasAllParents()) {
      Parents all = child.parents();
      for (int place = 0; place < all.size(); place++) {
        Member parent = all.get(place);
        PieceDownload download = parent.isSpare() ? from(parent, child) : null;
        if (download != null) {
          return download;
        }
      }
      return null;
    }
    return fromHolderWithCapacity(child);
  }

  private @Nullable PieceDownload fromHolderWithCapacity(Member child) {
    SlotSet spare = swarm.spare();
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
      PieceDownload download = holder == null || holder == child ? null : from(holder, child);
      if (download != null) {
        return download;
      }
    }
    return null;
  }

  private @Nullable PieceDownload from(Member holder, Member child) {
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
      PieceDownload download = tryDownload(child, piece);
      if (download != null) {
        return download;
      }
    }
    return null;
  }

  private @Nullable PieceDownload tryDownload(Member child, int piece) {
    Member parent = parents.parentOf(child, piece);
    if (parent == null || !child.mayAskFrom(parent)) {
      return null;
    }
    long due = swarm.registry().now() + parent.peer().upNanos(swarm.bytes(piece));
    return PieceDownload.plan(child, piece, parent, due);
  }

  private @Nullable PieceDownload hedge(Member child) {
    for (PieceDownload late : child.assigned()) {
      if (isToBeHedged(late)) {
        Member parent = parents.parentOf(child, late.piece(), late.parent());
        if (parent != null) {
          long due = swarm.registry().now() + parent.peer().upNanos(late.bytes());
          return PieceDownload.plan(child, late.piece(), parent, due);
        }
      }
    }
    return null;
  }

  private boolean isToBeHedged(PieceDownload download) {
    return !download.child().isHedged(download.piece()) && download.isLate(swarm.registry().now());
  }

  /**
   * Tells whether the child has something to do because time has passed, and lets it check that.
   */
  boolean hasTimeBrought(Member child) {
    PlannedDownloads planned = child.planned();
    boolean hasPaused = planned.hasPaused();
    if (hasPaused) {
      planned.offerPaused();
    }
    dropStale(child.uploads());
    long now = swarm.registry().now();
    if (child.peer().hasNotAsked(now) && planned.withdrawUnclaimed(now)) {
      child.peer().becomeAbsent();
    }
    return hasPaused || planned.isTimeFor(now) || hasLate(child) || child.isStarving(now);
  }

  /** Ends the wait for capacity of a parent that will not have the piece. */
  private void dropStale(UploadQueue uploads) {
    for (PieceDownload download = uploads.firstWaiting();
        download != null && isStale(download);
        download = uploads.firstWaiting()) {
      download.offer();
    }
  }

  /** Tells whether a download is late for a child that has nothing left to ask for. */
  private boolean hasLate(Member child) {
    return child.hasAssigned() && child.planned().isEmpty() && child.hasDownload(isLate);
  }
}
