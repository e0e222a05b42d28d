package io.dragonfly.scheduler;

import io.dragonfly.peer.Peer;
import io.dragonfly.spi.Scheduler.QueuePlace;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The state of one peer over all its tasks, which share its links. */
final class PeerState {
  private final PeerRegistry registry;
  private final boolean isCdn;
  private final Link up = Link.up();
  private final Link down = Link.down();
  private final List<Member> members = new ArrayList<>();
  private final ParentBackoff backoff = new ParentBackoff();

  private Peer peer;
  private int turn;
  private boolean isSlow;
  private boolean isSpare = true;
  private boolean isKnownFull;

  /** When children last got nothing from this peer. */
  private final Map<PeerState, Long> failedChildren = new HashMap<>();

  private boolean isGone;
  private long goneUntil;
  private long reportedAt;
  private boolean isSilent;
  private boolean isReady;

  /** Whether a plan was withdrawn because this peer did not poll. A poll resets it. */
  private boolean isAbsent;

  private long askedAt;

  /** Number of tasks with something planned or assigned from this peer. */
  private int activeTasks;

  /** Tasks with downloads that wait for uplink capacity, in turn. */
  private final Deque<Member> waiting = new ArrayDeque<>();

  /** Turns in which the tasks of a supernode cache plan fresh pieces. */
  private final FreshTurns freshTurns = new FreshTurns(this);

  /** Downloads that were assigned in a response that may have been lost. */
  private final Deque<PieceDownload> repeated = new ArrayDeque<>();

  /** Bytes that are assigned to this peer, ready at their parents, and have not arrived. */
  private long awaitedBytes;

  /** Time since which these bytes are awaited, or of the last arrival. */
  private long awaitedSince;

  PeerState(PeerRegistry registry, Peer peer, boolean isCdn) {
    this.registry = registry;
    this.peer = peer;
    this.isCdn = isCdn;
  }

  Peer peer() {
    return peer;
  }

  /** Updates the address of a peer that has returned. */
  void moved(Peer now) {
    peer = now;
  }

  boolean isCdn() {
    return isCdn;
  }

  Link up() {
    return up;
  }

  Link down() {
    return down;
  }

  ParentBackoff backoff() {
    return backoff;
  }

  List<Member> members() {
    return members;
  }

  /** Returns this peer's membership in each task, beginning with another one each time. */
  List<Member> membersInTurn() {
    if (members.size() < 2) {
      return members;
    }
    turn = (turn + 1) % members.size();
    List<Member> rotated = new ArrayList<>(members.subList(turn, members.size()));
    rotated.addAll(members.subList(0, turn));
    return rotated;
  }

  boolean isSlow() {
    return isSlow;
  }

  /** Tells whether the downlink is known not to slow down parents. */
  boolean isProvenFast() {
    return down.meter().isKnown() && !isSlow;
  }

  void setSlow(boolean slow) {
    isSlow = slow;
  }

  /**
   * Tells whether this peer seems to be gone: several children got nothing from it, and it is
   * silent.
   */
  boolean isGone() {
    return isGone;
  }

  /** Records that a child got nothing from this peer. */
  void failed(PeerState child, long now) {
    failedChildren.values().removeIf(then -> now - then > Limits.FAILED_NANOS);
    failedChildren.put(child, now);
    if (failedChildren.size() >= Limits.FAILED_CHILDREN) {
      goneUntil = now + Limits.GONE_NANOS;
      setGone(true);
    }
  }

  /** Records that this peer has reported something. */
  void reported(long now) {
    reportedAt = now;
    uploaded();
    if (isSilent) {
      setSilent(false);
    }
  }

  /** Tells whether a plan of this peer was withdrawn, and it has not polled since. */
  boolean isAbsent() {
    return isAbsent;
  }

  /** Records that a plan was withdrawn because this peer did not poll. */
  void becomeAbsent() {
    isAbsent = true;
  }

  /** Records a poll; returns whether this peer was absent. */
  boolean asks(long now) {
    boolean wasAbsent = isAbsent;
    isAbsent = false;
    askedAt = now;
    return wasAbsent;
  }

  /**
   * Repeats a download in the next response, because the peer may not have got this one. The
   * download stays assigned: the response is often only late, and if the download ended here, its
   * piece would count for no rate.
   */
  void repeat(PieceDownload download) {
    repeated.add(download);
  }

  /** Returns at most this number of downloads to repeat, without those that have ended. */
  List<PieceDownload> drainRepeated(int most) {
    List<PieceDownload> taken = new ArrayList<>();
    while (taken.size() < most && !repeated.isEmpty()) {
      PieceDownload download = repeated.removeFirst();
      if (!download.isEnded()) {
        taken.add(download);
      }
    }
    return taken;
  }

  /** Tells whether this peer has not polled for a while. */
  boolean hasNotAsked(long now) {
    return now - askedAt > Limits.UNCLAIMED_NANOS;
  }

  /** Records that another peer got a piece from this one. */
  void uploaded() {
    if (!failedChildren.isEmpty()) {
      setGone(false);
    }
  }

  /**
   * Ends the time for which this peer counts as gone (children will report it again if it is), and
   * updates whether it is silent.
   */
  void reviewSigns(long now) {
    if (isGone && now - goneUntil > 0) {
      setGone(false);
    }
    if (!isSilent && now - reportedAt > Limits.SILENT_NANOS) {
      setSilent(true);
    }
  }

  private void setSilent(boolean silent) {
    isSilent = silent;
    members.forEach(Member::reviewFull);
  }

  private void setGone(boolean gone) {
    if (!gone) {
      failedChildren.clear();
    }
    if (gone != isGone) {
      isGone = gone;
      review();
      if (gone) {
        members.forEach(Member::endPlanned);
      }
    }
  }

  /** Makes others check again what they expect from this peer. */
  void review() {
    members.forEach(Member::reviewCounted);
    members.forEach(member -> member.uploads().reviewAll());
  }

  /** Records that an assigned piece is ready at its parent. */
  void awaits(long now, long bytes) {
    if (awaitedBytes == 0) {
      awaitedSince = now;
    }
    awaitedBytes += bytes;
  }

  /** Records that such a piece has arrived, or will not. */
  void awaitsNoMore(long now, long bytes) {
    awaitedBytes -= bytes;
    awaitedSince = now;
  }

  /**
   * Tells whether the downlink must be slower than a rate, although no rate has been measured: all
   * awaited bytes would not reach that rate even if they arrived now.
   */
  boolean isLagging(long now, double bytesPerSecond) {
    long nanos = now - awaitedSince;
    return awaitedBytes > 0
        && nanos > Limits.LAG_NANOS
        && awaitedBytes * 1e9 / nanos < bytesPerSecond;
  }

  /** Returns the measured or assumed rate in bytes per second. */
  double upRate() {
    return registry.upRate(this);
  }

  double downRate() {
    return registry.downRate(this);
  }

  FreshTurns freshTurns() {
    return freshTurns;
  }

  /**
   * Tells whether another piece of a task may be assigned from this peer: within the share of the
   * task, or beyond it while no other task waits.
   */
  boolean mayAssign(Member of) {
    return isInShare(of.uploads().assigned(), up.assigned())
        || (waiting.isEmpty() && isBelow(up.assigned(), 1));
  }

  /** Tells whether another piece of a task may be planned from this peer. */
  boolean mayPlan(Member of) {
    return canPlanMore() || isInShare(of.uploads().backlog(), up.backlog());
  }

  /**
   * Like {@link #mayPlan}, for a piece that a peer waits for: the backlog may be a few pieces
   * longer.
   */
  boolean mayPlanNow(Member of) {
    int extra = Limits.URGENT_PIECES;
    double bytes = backlogBytes() + (double) extra * of.swarm().pieceLength();
    return up.backlog().isBelow(bytes, backlogPieces() + extra)
        || isInShare(of.uploads().backlog(), up.backlog());
  }

  /**
   * Tells whether a task has nothing, or less than its share, which other tasks cannot use up. So
   * the whole backlog may be larger than usual, within {@link Limits#MOST_BACKLOGS}.
   */
  private boolean isInShare(Load own, Load all) {
    return (own.isEmpty() || isBelow(own, 1.0 / Math.max(1, activeTasks))) && isOpen(all);
  }

  private boolean isOpen(Load all) {
    return isBelow(all, Limits.MOST_BACKLOGS);
  }

  /** Tells whether urgent pieces may still be added to the uplink. */
  boolean isOpen() {
    return isOpen(up.assigned());
  }

  /** Tells whether another piece of any task may be planned from this peer. */
  boolean canPlanMore() {
    return isBelow(up.backlog(), 1);
  }

  private boolean isBelow(Load load, double share) {
    return load.isBelow(share * backlogBytes(), share * backlogPieces());
  }

  /** Returns the usual backlog in bytes: assigned for peers, planned for the supernode cache. */
  private double backlogBytes() {
    return (isCdn ? Limits.CDN_SECONDS : Limits.PEER_SECONDS) * upRate();
  }

  private int backlogPieces() {
    return isCdn ? Limits.CDN_PIECES : Limits.PEER_PIECES;
  }

  /** Tells whether this peer could send pieces now that were not planned from it. */
  private boolean mayBeSpare() {
    return isCdn
        ? canPlanMore()
        : up.assigned().isBelow(Limits.SPARE_SECONDS * upRate(), Limits.SPARE_PIECES);
  }

  /** Returns the nanoseconds in which the uplink sends its backlog and these bytes. */
  long upNanos(long bytes) {
    return (long) ((up.backlog().bytes() + bytes) * 1e9 / upRate());
  }

  /** Returns the nanoseconds in which the uplink sends what is assigned and these bytes. */
  long upNanosAssigned(long bytes) {
    return (long) ((up.assigned().bytes() + bytes) * 1e9 / upRate());
  }

  /** Returns the nanoseconds in which the downlink receives all that is planned or assigned. */
  long downNanos() {
    return (long) (down.backlog().bytes() * 1e9 / downRate());
  }

  /** Returns the nanoseconds in which the downlink receives what is assigned. */
  long downNanosAssigned() {
    return (long) (down.assigned().bytes() * 1e9 / downRate());
  }

  /**
   * Tells whether so much is planned for this peer that further plans would be outdated by the time
   * it gets to them.
   */
  boolean isFull() {
    return !isBelowFull(down.backlog(), 1);
  }

  /** Tells whether a task has less planned for this peer than its share. */
  boolean isInShareOfDownlink(Load own) {
    return own.isEmpty() || isBelowFull(own, 1.0 / Math.max(1, members.size()));
  }

  private boolean isBelowFull(Load load, double share) {
    double bytes = registry.downlinkSeconds() * registry.downRateAtLeast(this);
    return load.isBelow(share * bytes, share * Limits.DOWNLINK_PIECES);
  }

  /** Updates whether this peer is full, after a change of what is planned for it. */
  void downlinkChanged() {
    boolean full = isFull();
    if (full != isKnownFull) {
      isKnownFull = full;
      members.forEach(Member::reviewFull);
    }
  }

  /** Tells whether this peer was full at the last check, and is not silent. */
  boolean isBusy() {
    return isKnownFull && !isSilent;
  }

  /** Returns the number of tasks with something planned or assigned from this peer. */
  int activeTasks() {
    return activeTasks;
  }

  void taskIsActive(boolean active) {
    activeTasks += active ? 1 : -1;
  }

  /** Tells whether this peer is in the list of peers to notify. */
  boolean isReady() {
    return isReady;
  }

  void setReady(boolean ready) {
    isReady = ready;
  }

  /** Updates whether this peer has spare uplink capacity, after a change of its backlog. */
  void uplinkChanged() {
    boolean spare = mayBeSpare();
    if (spare != isSpare) {
      isSpare = spare;
      // The first task that is notified uses new capacity, so each task is first in turn.
      (spare ? membersInTurn() : members).forEach(Member::reviewSpare);
    }
  }

  /** Lets a download wait for uplink capacity. */
  void awaitCapacity(PieceDownload download) {
    UploadQueue uploads = download.parent().uploads();
    uploads.awaitCapacity(download);
    if (!uploads.isQueued()) {
      uploads.setQueued(true);
      waiting.addLast(download.parent());
    }
  }

  /**
   * Returns the position of a task among those that wait for uplink capacity; empty if it does not
   * wait.
   */
  Optional<QueuePlace> waitingPlace(Member task) {
    int before = List.copyOf(waiting).indexOf(task);
    return before < 0 ? Optional.empty() : Optional.of(new QueuePlace(before + 1, waiting.size()));
  }

  /** Offers uplink capacity to the tasks that wait for it, in turn. */
  void offerCapacity() {
    for (int left = waiting.size(); left > 0; left--) {
      offerCapacityToNext();
    }
  }

  /**
   * Offers uplink capacity that a task has released: first to that task, if it is below its share,
   * then to the next one in turn.
   */
  void offerCapacity(Member by) {
    if (by.uploads().isQueued()) {
      offerCapacityTo(by);
    }
    offerCapacityToNext();
  }

  private void offerCapacityToNext() {
    Member next = waiting.pollFirst();
    if (next == null) {
      return;
    }
    offerCapacityTo(next);
    if (next.uploads().firstWaiting() == null) {
      next.uploads().setQueued(false);
    } else {
      waiting.addLast(next);
    }
  }

  private void offerCapacityTo(Member task) {
    if (task.uploads().firstWaiting() != null && mayAssign(task)) {
      double all = backlogBytes();
      double own = all / Math.max(1, activeTasks) - task.uploads().assigned().bytes();
      task.uploads().offerCapacity(Math.max(1, Math.max(own, all - up.assigned().bytes())));
    }
  }

  boolean isIdle() {
    return activeTasks == 0 && up.isIdle() && down.isIdle();
  }

  /**
   * Tells whether pieces that were not planned may be assigned from this peer: it has little to
   * send, or nothing for this task.
   */
  boolean isSpare(Member of) {
    return isSpare || (!isCdn && of.uploads().assigned().isEmpty() && isOpen());
  }

  @Override
  public String toString() {
    return peer.id().brief();
  }
}
