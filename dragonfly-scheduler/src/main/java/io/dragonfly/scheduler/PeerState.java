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

/** What is known of one peer over all its tasks: its links are shared by them. */
final class PeerState {
  private final Fleet fleet;
  private final boolean isCdn;
  private final Link up = Link.up();
  private final Link down = Link.down();
  private final List<Member> members = new ArrayList<>();
  private final Avoidance avoidance = new Avoidance();

  private Peer peer;
  private int turn;
  private boolean isSlow;
  private boolean isSpare = true;
  private boolean isKnownFull;

  /** When takers last got nothing from it. */
  private final Map<PeerState, Long> accusers = new HashMap<>();

  private boolean isGone;
  private long goneUntil;
  private long heardAt;
  private boolean isSilent;
  private boolean isReady;

  /** Whether a plan for this peer was withdrawn because it did not poll, and it has not since. */
  private boolean isAbsent;

  private long askedAt;

  /** Tasks of which something is planned or assigned from this peer. */
  private int activeTasks;

  /** Tasks with takes that wait for room on the uplink, in turn. */
  private final Deque<Member> waiting = new ArrayDeque<>();

  /** What is planned from this peer, if it is the CDN cache. */
  private final FreshTurns freshTurns = new FreshTurns(this);

  /** What was assigned to it in an answer that it may not have got. */
  private final Deque<Take> repeated = new ArrayDeque<>();

  /** Bytes that are assigned to it, lie ready at their parents, and have not come. */
  private long awaitedBytes;

  /** Since when, or since when none has come. */
  private long awaitedSince;

  PeerState(Fleet fleet, Peer peer, boolean isCdn) {
    this.fleet = fleet;
    this.peer = peer;
    this.isCdn = isCdn;
  }

  Peer peer() {
    return peer;
  }

  /** The peer has come back, maybe at another address. */
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

  Avoidance avoidance() {
    return avoidance;
  }

  List<Member> members() {
    return members;
  }

  /** Returns its part in each task, another one first each time. */
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

  /** Tells whether its downlink is known not to hold up those that send to it. */
  boolean isProvenFast() {
    return down.meter().isKnown() && !isSlow;
  }

  void setSlow(boolean slow) {
    isSlow = slow;
  }

  /** Tells whether it seems to be gone: several takers got nothing from it, and it is silent. */
  boolean isGone() {
    return isGone;
  }

  /** A taker got nothing from this peer. */
  void accused(PeerState taker, long now) {
    accusers.values().removeIf(then -> now - then > Limits.ACCUSED_NANOS);
    accusers.put(taker, now);
    if (accusers.size() >= Limits.ACCUSERS) {
      goneUntil = now + Limits.GONE_NANOS;
      setGone(true);
    }
  }

  /** It has reported something. */
  void heard(long now) {
    heardAt = now;
    gives();
    if (isSilent) {
      setSilent(false);
    }
  }

  /** Tells whether it left something lying, and has not asked for more since. */
  boolean isAbsent() {
    return isAbsent;
  }

  /** It has left something lying. */
  void becomeAbsent() {
    isAbsent = true;
  }

  /** It asks what to download; returns whether it was absent. */
  boolean asks(long now) {
    boolean wasAbsent = isAbsent;
    isAbsent = false;
    askedAt = now;
    return wasAbsent;
  }

  /**
   * The peer may not have got an answer with this take. The take stays assigned and is repeated in
   * the next answer: the answer is often only late, and if the take ended here, the piece that
   * comes of it would count for no rate.
   */
  void repeat(Take take) {
    repeated.add(take);
  }

  /** Returns at most so many takes that are to be said again, without those that have ended. */
  List<Take> takeRepeated(int most) {
    List<Take> taken = new ArrayList<>();
    while (taken.size() < most && !repeated.isEmpty()) {
      Take take = repeated.removeFirst();
      if (!take.isEnded()) {
        taken.add(take);
      }
    }
    return taken;
  }

  /** Tells whether it has not asked for a while what to download. */
  boolean hasNotAsked(long now) {
    return now - askedAt > Limits.UNCLAIMED_NANOS;
  }

  /** Somebody got a piece from it. */
  void gives() {
    if (!accusers.isEmpty()) {
      setGone(false);
    }
  }

  /**
   * Forgets after a while that it seemed to be gone; if it is, that will be said again. And sees
   * whether it is silent.
   */
  void reviewSigns(long now) {
    if (isGone && now - goneUntil > 0) {
      setGone(false);
    }
    if (!isSilent && now - heardAt > Limits.SILENT_NANOS) {
      setSilent(true);
    }
  }

  private void setSilent(boolean silent) {
    isSilent = silent;
    members.forEach(Member::reviewFull);
  }

  private void setGone(boolean gone) {
    if (!gone) {
      accusers.clear();
    }
    if (gone != isGone) {
      isGone = gone;
      review();
      if (gone) {
        members.forEach(Member::endPlanned);
      }
    }
  }

  /** Others have to look again at what they count on from it. */
  void review() {
    members.forEach(Member::reviewCounted);
    members.forEach(member -> member.giving().reviewAll());
  }

  /** What is assigned to it lies ready at its parent. */
  void awaits(long now, long bytes) {
    if (awaitedBytes == 0) {
      awaitedSince = now;
    }
    awaitedBytes += bytes;
  }

  /** It has come, or will not. */
  void awaitsNoMore(long now, long bytes) {
    awaitedBytes -= bytes;
    awaitedSince = now;
  }

  /**
   * Tells whether its downlink must be slower than this, though none has been measured: all that it
   * waits for would not make up that rate, if it came just now.
   */
  boolean isLagging(long now, double bytesPerSecond) {
    long nanos = now - awaitedSince;
    return awaitedBytes > 0
        && nanos > Limits.LAG_NANOS
        && awaitedBytes * 1e9 / nanos < bytesPerSecond;
  }

  /** Bytes per second, measured or assumed. */
  double upRate() {
    return fleet.upRate(this);
  }

  double downRate() {
    return fleet.downRate(this);
  }

  FreshTurns freshTurns() {
    return freshTurns;
  }

  /**
   * Tells whether another piece may be assigned from this peer for one of its tasks: in the task's
   * share, or beyond it while no other task waits.
   */
  boolean mayAssign(Member of) {
    return isInShare(of.giving().assigned(), up.assigned())
        || (waiting.isEmpty() && isBelow(up.assigned(), 1));
  }

  /** Tells whether another piece may be planned from this peer for one of its tasks. */
  boolean mayPlan(Member of) {
    return hasRoomToPlan() || isInShare(of.giving().backlog(), up.backlog());
  }

  /** Like {@link #mayPlan}, for a piece that a peer waits for: a few more may be before it. */
  boolean mayPlanNow(Member of) {
    int extra = Limits.URGENT_PIECES;
    double bytes = backlogBytes() + (double) extra * of.swarm().pieceLength();
    return up.backlog().isBelow(bytes, backlogPieces() + extra)
        || isInShare(of.giving().backlog(), up.backlog());
  }

  /**
   * Tells whether a task has nothing or less than its share, which the other tasks cannot use up.
   * So the backlog of all together may be larger than usual, but not much larger.
   */
  private boolean isInShare(Load own, Load all) {
    return (own.isEmpty() || isBelow(own, 1.0 / Math.max(1, activeTasks))) && isOpen(all);
  }

  private boolean isOpen(Load all) {
    return isBelow(all, Limits.MOST_BACKLOGS);
  }

  /** Tells whether it has not so much to send already that even urgent pieces have to wait. */
  boolean isOpen() {
    return isOpen(up.assigned());
  }

  /** Tells whether there is room to plan another piece from this peer, for whichever task. */
  boolean hasRoomToPlan() {
    return isBelow(up.backlog(), 1);
  }

  private boolean isBelow(Load load, double share) {
    return load.isBelow(share * backlogBytes(), share * backlogPieces());
  }

  /** Bytes that are usually assigned from this peer, or planned, if it is the CDN cache. */
  private double backlogBytes() {
    return (isCdn ? Limits.CDN_SECONDS : Limits.PEER_SECONDS) * upRate();
  }

  private int backlogPieces() {
    return isCdn ? Limits.CDN_PIECES : Limits.PEER_PIECES;
  }

  /** Tells whether this peer could send now what was not planned from it. */
  private boolean mayBeSpare() {
    return isCdn
        ? hasRoomToPlan()
        : up.assigned().isBelow(Limits.SPARE_SECONDS * upRate(), Limits.SPARE_PIECES);
  }

  /** Nanoseconds until this peer's uplink has sent what is before it and so many bytes more. */
  long upNanos(long bytes) {
    return (long) ((up.backlog().bytes() + bytes) * 1e9 / upRate());
  }

  /** Nanoseconds until it has sent what is assigned already and so many bytes more. */
  long upNanosAssigned(long bytes) {
    return (long) ((up.assigned().bytes() + bytes) * 1e9 / upRate());
  }

  /** Nanoseconds until its downlink has brought all that is planned or assigned. */
  long downNanos() {
    return (long) (down.backlog().bytes() * 1e9 / downRate());
  }

  /** Nanoseconds until it has brought what is assigned already. */
  long downNanosAssigned() {
    return (long) (down.assigned().bytes() * 1e9 / downRate());
  }

  /** Tells whether so much is before this taker that more plans would be stale when it comes. */
  boolean isFull() {
    return !isBelowFull(down.backlog(), 1);
  }

  /** Tells whether a task has less before this taker than its share of what makes it full. */
  boolean isInShareOfDownlink(Load own) {
    return own.isEmpty() || isBelowFull(own, 1.0 / Math.max(1, members.size()));
  }

  private boolean isBelowFull(Load load, double share) {
    double bytes = fleet.takerSeconds() * fleet.downRateAtLeast(this);
    return load.isBelow(share * bytes, share * Limits.TAKER_PIECES);
  }

  /** What is before the downlink has changed: it may be full now, or no longer. */
  void downlinkChanged() {
    boolean full = isFull();
    if (full != isKnownFull) {
      isKnownFull = full;
      members.forEach(Member::reviewFull);
    }
  }

  /** Tells whether it was full when that was last looked at, and takes what is before it. */
  boolean isBusy() {
    return isKnownFull && !isSilent;
  }

  /** Returns of how many tasks something is planned or assigned from this peer. */
  int activeTasks() {
    return activeTasks;
  }

  void taskIsActive(boolean active) {
    activeTasks += active ? 1 : -1;
  }

  /** Tells whether it stands in the list of those that may have something new to ask for. */
  boolean isReady() {
    return isReady;
  }

  void setReady(boolean ready) {
    isReady = ready;
  }

  /** What is before the uplink has changed: there may be room to plan more, or no longer. */
  void uplinkChanged() {
    boolean spare = mayBeSpare();
    if (spare != isSpare) {
      isSpare = spare;
      // Whoever is told first of new room takes it: each task in turn.
      (spare ? membersInTurn() : members).forEach(Member::reviewSpare);
    }
  }

  /** A take is to be offered as soon as there is room for it. */
  void awaitRoom(Take take) {
    Giving giving = take.parent().giving();
    giving.awaitRoom(take);
    if (!giving.isQueued()) {
      giving.setQueued(true);
      waiting.addLast(take.parent());
    }
  }

  /** Returns the place of a task among those that wait for room; empty if it does not. */
  Optional<QueuePlace> waitingPlace(Member task) {
    int before = List.copyOf(waiting).indexOf(task);
    return before < 0 ? Optional.empty() : Optional.of(new QueuePlace(before + 1, waiting.size()));
  }

  /** Offers the room on the uplink to the tasks that wait for it, in turn. */
  void offerRoom() {
    for (int left = waiting.size(); left > 0; left--) {
      offerRoomToNext();
    }
  }

  /**
   * Offers room that a task has left on the uplink: first to that task if it has less than its
   * share, then to the next one in turn.
   */
  void offerRoom(Member by) {
    if (by.giving().isQueued()) {
      offerRoomTo(by);
    }
    offerRoomToNext();
  }

  private void offerRoomToNext() {
    Member next = waiting.pollFirst();
    if (next == null) {
      return;
    }
    offerRoomTo(next);
    if (next.giving().firstWaiting() == null) {
      next.giving().setQueued(false);
    } else {
      waiting.addLast(next);
    }
  }

  private void offerRoomTo(Member task) {
    if (task.giving().firstWaiting() != null && mayAssign(task)) {
      double all = backlogBytes();
      double own = all / Math.max(1, activeTasks) - task.giving().assigned().bytes();
      task.giving().offerRoom(Math.max(1, Math.max(own, all - up.assigned().bytes())));
    }
  }

  boolean isIdle() {
    return activeTasks == 0 && up.isIdle() && down.isIdle();
  }

  /**
   * Tells whether what was not planned may be assigned from this peer: it has little to send, or
   * nothing for this task.
   */
  boolean isSpare(Member of) {
    return isSpare || (!isCdn && of.giving().assigned().isEmpty() && isOpen());
  }

  @Override
  public String toString() {
    return peer.id().brief();
  }
}
