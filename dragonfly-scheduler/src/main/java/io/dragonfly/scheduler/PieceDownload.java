package io.dragonfly.scheduler;

import org.jspecify.annotations.Nullable;

/**
 * The download of one piece by one child from one parent. It is planned, then assigned to the
 * child, then ended. Until it ends it counts on the uplink of the parent and on the downlink of the
 * child.
 */
final class PieceDownload {
  private final Member child;
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

  /** Whether the parent has the piece and the child's downlink is known not to be slow. */
  private boolean isLoad;

  private boolean isEnded;
  private boolean isReleased;

  // Links of a DownloadList.
  @Nullable DownloadList list;
  @Nullable PieceDownload before;
  @Nullable PieceDownload after;

  // Links of an UploadQueue.
  @Nullable PieceDownload nextOfPiece;
  @Nullable PieceDownload previousOfPiece;

  private PieceDownload(Member child, int piece, Member parent, long due) {
    this.child = child;
    this.piece = piece;
    this.parent = parent;
    this.due = due;
    number = child.swarm().registry().nextNumber();
    plannedAt = child.swarm().registry().now();
    bytes = child.swarm().bytes(piece);
  }

  /**
   * Plans a download.
   *
   * @param due nanoseconds: when the piece is expected to arrive
   */
  static PieceDownload plan(Member child, int piece, Member parent, long due) {
    PieceDownload download = new PieceDownload(child, piece, parent, due);
    parent.peer().up().plan(download.bytes);
    child.peer().down().plan(download.bytes);
    child.swarm().registry().busy(parent.peer());
    child.swarm().registry().busy(child.peer());
    parent.uploads().add(download);
    child.load().add(download.bytes);
    child.downloadPlanned(download);
    parent.peer().uplinkChanged();
    child.peer().downlinkChanged();
    child.reviewFull();
    return download;
  }

  Member child() {
    return child;
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

  /** Returns the position in the order in which downloads were planned. */
  long number() {
    return number;
  }

  /**
   * Tells whether this download may still be assigned: soon, or once its parent has the piece or
   * free capacity.
   */
  boolean mayComeTrue(long now) {
    if (isAssigned || now - due < Limits.BEHIND_NANOS || parent.uploads().isWaiting(this)) {
      return true;
    }
    PieceDownload before = parent.has(piece) ? null : parent.download(piece);
    return before != null && before.mayComeTrue(now);
  }

  /** Tells whether this download was planned too long ago: its child does not seem to poll. */
  boolean isUnclaimed(long now) {
    return !isAssigned && now - plannedAt > Limits.UNCLAIMED_NANOS;
  }

  void leaveList() {
    if (list != null) {
      list.remove(this);
    }
  }

  /** Lets the child check whether this download can be assigned now. */
  void offer() {
    child.planned().offer(this);
    child.swarm().registry().ready(child.peer());
  }

  /**
   * Returns the time from which the child may request the piece: shortly before the parent has it.
   */
  long askableAt() {
    return askableAt;
  }

  void setAskableAt(long time) {
    askableAt = time;
  }

  /**
   * Delays this download if its parent gets the piece much later: a request now would take the
   * place of one that can be answered. Returns whether it was delayed.
   */
  boolean waitIfEarly(long now) {
    PieceDownload before = parent.has(piece) ? null : parent.download(piece);
    long early = child.zone().earlyNanos();
    if (before == null || before.due - now <= early) {
      return false;
    }
    child.planned().waitUntil(this, before.due - early);
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
    child.swarm().inFlightChanged(true);
    isReady = parent.has(piece);
    assignedAt = now;
    due = Math.max(due, now + parent.peer().upNanosAssigned(bytes));
    isLoad = isReady && child.peer().isProvenFast();
    parent.peer().up().assign(now, bytes, isLoad);
    child.peer().down().assign(now, bytes, true);
    if (isReady) {
      child.peer().awaits(now, bytes);
    }
    parent.uploads().assign(bytes);
    parent.reviewSpare();
    child.downloadAssigned(this);
  }

  /** Records that the parent has the piece. */
  void becomeReady() {
    if (isAssigned && !isReady && !isReleased) {
      isReady = true;
      isLoad = child.peer().isProvenFast();
      if (isLoad) {
        parent.peer().up().becomeReady();
      }
      child.peer().awaits(child.swarm().registry().now(), bytes);
    }
  }

  /**
   * Ends this download: the piece has arrived, the download has failed, or it is no longer wanted.
   */
  void end() {
    if (isEnded) {
      return;
    }
    isEnded = true;
    if (isAssigned) {
      endAssigned();
    } else {
      parent.peer().up().unplan(bytes);
      parent.uploads().leave(bytes, false);
      child.peer().down().unplan(bytes);
    }
    child.load().remove(bytes);
    parent.uploads().remove(this);
    child.downloadEnded(this);
    child.peer().downlinkChanged();
    child.reviewFull();
    parent.peer().uplinkChanged();
    if (isAssigned) {
      parent.peer().offerCapacity(parent);
    }
  }

  private void endAssigned() {
    child.swarm().inFlightChanged(false);
    long now = child.swarm().registry().now();
    if (!isReleased) {
      leaveUplink(now);
    }
    child.peer().down().end(now, bytes, true);
    if (isReady) {
      child.peer().awaitsNoMore(now, bytes);
    }
  }

  private void leaveUplink(long now) {
    parent.peer().up().end(now, bytes, isLoad);
    parent.uploads().leave(bytes, true);
    parent.reviewSpare();
  }

  /**
   * Releases the parent's uplink if this download is very late. Otherwise a lost child would delay
   * the others until its loss is noticed.
   */
  void releaseIfLate(long now) {
    if (isAssigned && !isReleased && isLate(now)) {
      isReleased = true;
      leaveUplink(now);
      parent.peer().uplinkChanged();
      parent.peer().offerCapacity(parent);
    }
  }

  /**
   * Tells whether this download takes more than twice the expected time, and long enough to ask
   * another parent.
   */
  boolean isLate(long now) {
    return now - assignedAt > Math.max(2 * (due - assignedAt), Limits.HEDGE_NANOS);
  }
}
