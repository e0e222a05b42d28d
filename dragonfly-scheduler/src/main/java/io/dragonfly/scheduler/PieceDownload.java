package io.dragonfly.scheduler;

import org.jspecify.annotations.Nullable;

/**
 * One piece that one taker is to take from one parent: PLANNED, then ASSIGNED, then ENDED. While it
 * is not ended it counts on both links.
 */
final class Take {
  private final Member taker;
  private final int piece;
  private final Member parent;
  private final long bytes;
  private final long number;
  private long due;
  private final long plannedAt;
  private long askableAt;
  private long assignedAt;
  private boolean isAssigned;
  private boolean isReady;

  /** It lies ready for a taker that is known to be able to take it as fast as others. */
  private boolean isLoad;

  private boolean isEnded;
  private boolean isReleased;

  // The links of a TakeList.
  @Nullable TakeList list;
  @Nullable Take before;
  @Nullable Take after;

  // The links of a Giving.
  @Nullable Take nextOfPiece;
  @Nullable Take previousOfPiece;

  private Take(Member taker, int piece, Member parent, long due) {
    this.taker = taker;
    this.piece = piece;
    this.parent = parent;
    this.due = due;
    number = taker.swarm().fleet().nextTake();
    plannedAt = taker.swarm().fleet().now();
    bytes = taker.swarm().bytes(piece);
  }

  /** Plans it; {@code due} is when the piece is expected to have arrived. */
  static Take plan(Member taker, int piece, Member parent, long due) {
    Take take = new Take(taker, piece, parent, due);
    parent.peer().up().plan(take.bytes);
    taker.peer().down().plan(take.bytes);
    taker.swarm().fleet().busy(parent.peer());
    taker.swarm().fleet().busy(taker.peer());
    parent.giving().add(take);
    taker.load().add(take.bytes);
    taker.willTake(take);
    parent.peer().uplinkChanged();
    taker.peer().downlinkChanged();
    taker.reviewFull();
    return take;
  }

  Member taker() {
    return taker;
  }

  int piece() {
    return piece;
  }

  Member parent() {
    return parent;
  }

  long bytes() {
    return bytes;
  }

  /** Says which was planned before which. */
  long number() {
    return number;
  }

  /** Tells whether it may be assigned soon, or as soon as its parent has the piece, or time. */
  boolean mayComeTrue(long now) {
    if (isAssigned || now - due < Limits.BEHIND_NANOS || parent.giving().isWaiting(this)) {
      return true;
    }
    Take before = parent.has(piece) ? null : parent.take(piece);
    return before != null && before.mayComeTrue(now);
  }

  /** Tells whether it was planned so long ago that its taker does not seem to come for it. */
  boolean isUnclaimed(long now) {
    return !isAssigned && now - plannedAt > Limits.UNCLAIMED_NANOS;
  }

  void leaveList() {
    if (list != null) {
      list.remove(this);
    }
  }

  /** It may be assigned now, maybe: its taker is to look at it. */
  void offer() {
    taker.agenda().offer(this);
    taker.swarm().fleet().ready(taker.peer());
  }

  /** When its parent will have the piece soon enough to be asked for it. */
  long askableAt() {
    return askableAt;
  }

  void setAskableAt(long time) {
    askableAt = time;
  }

  /**
   * Has it wait if its parent gets the piece so much later that asking for it now would only keep
   * the taker from asking for what is to be had. Returns whether it waits.
   */
  boolean waitIfEarly(long now) {
    Take before = parent.has(piece) ? null : parent.take(piece);
    long early = taker.idc().earlyNanos();
    if (before == null || before.due - now <= early) {
      return false;
    }
    taker.agenda().waitUntil(this, before.due - early);
    return true;
  }

  boolean isAssigned() {
    return isAssigned;
  }

  boolean isEnded() {
    return isEnded;
  }

  long due() {
    return due;
  }

  void assign(long now) {
    isAssigned = true;
    taker.swarm().inFlightChanged(true);
    isReady = parent.has(piece);
    assignedAt = now;
    due = Math.max(due, now + parent.peer().upNanosAssigned(bytes));
    isLoad = isReady && taker.peer().isProvenFast();
    parent.peer().up().assign(now, bytes, isLoad);
    taker.peer().down().assign(now, bytes, true);
    if (isReady) {
      taker.peer().awaits(now, bytes);
    }
    parent.giving().assign(bytes);
    parent.reviewSpare();
    taker.takes(this);
  }

  /** The parent has the piece now. */
  void becomeReady() {
    if (isAssigned && !isReady && !isReleased) {
      isReady = true;
      isLoad = taker.peer().isProvenFast();
      if (isLoad) {
        parent.peer().up().becomeReady();
      }
      taker.peer().awaits(taker.swarm().fleet().now(), bytes);
    }
  }

  /** It has arrived, failed, or is no longer wanted. */
  void end() {
    if (isEnded) {
      return;
    }
    isEnded = true;
    if (isAssigned) {
      endAssigned();
    } else {
      parent.peer().up().unplan(bytes);
      parent.giving().leave(bytes, false);
      taker.peer().down().unplan(bytes);
    }
    taker.load().remove(bytes);
    parent.giving().remove(this);
    taker.takesNoMore(this);
    taker.peer().downlinkChanged();
    taker.reviewFull();
    parent.peer().uplinkChanged();
    if (isAssigned) {
      parent.peer().offerRoom(parent);
    }
  }

  private void endAssigned() {
    taker.swarm().inFlightChanged(false);
    long now = taker.swarm().fleet().now();
    if (!isReleased) {
      leaveUplink(now);
    }
    taker.peer().down().end(now, bytes, true);
    if (isReady) {
      taker.peer().awaitsNoMore(now, bytes);
    }
  }

  private void leaveUplink(long now) {
    parent.peer().up().end(now, bytes, isLoad);
    parent.giving().leave(bytes, true);
    parent.reviewSpare();
  }

  /**
   * It is so late that it counts on its parent's uplink no longer: a taker that is gone must not
   * hold up those that are not, for as long as nobody knows that it is gone.
   */
  void releaseIfLate(long now) {
    if (isAssigned && !isReleased && isLate(now)) {
      isReleased = true;
      leaveUplink(now);
      parent.peer().uplinkChanged();
      parent.peer().offerRoom(parent);
    }
  }

  /** Tells whether it is later than twice what was expected, and late enough to ask another. */
  boolean isLate(long now) {
    return now - assignedAt > Math.max(2 * (due - assignedAt), Limits.HEDGE_NANOS);
  }
}
