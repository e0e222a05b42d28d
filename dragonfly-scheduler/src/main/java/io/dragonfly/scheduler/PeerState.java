package io.dragonfly.scheduler;

import io.dragonfly.peer.Peer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

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
  private final Set<PeerState> accusers = new HashSet<>();
  private boolean isGone;
  private long goneUntil;
  private long heardAt;
  private boolean isSilent;
  private int tasksGiving;
  private boolean isReady;

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
    accusers.add(taker);
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

  /** Tells whether another piece may be assigned from this peer for one of its tasks. */
  boolean hasRoomFor(Member member) {
    if (!up.hasRoom(seconds() * upRate(), pieces())) {
      return false;
    }
    // Who has given nothing for this task yet may begin; the others share what there is.
    return tasksGiving <= 1
        || member.giving().assignedBytes() == 0
        || member.giving().assignedBytes() * tasksGiving
            < Math.max(seconds() * upRate(), (double) up.assignedBytes());
  }

  /** Tells whether there is room to plan another piece from this peer, the CDN cache. */
  boolean hasRoomToPlan(int extraPieces) {
    return up.hasRoomToPlan(seconds() * upRate(), pieces() + extraPieces);
  }

  /** Tells whether this peer could send now what was not planned from it. */
  private boolean mayBeSpare() {
    return isCdn
        ? hasRoomToPlan(0)
        : up.hasRoom(Limits.SPARE_SECONDS * upRate(), Limits.SPARE_PIECES);
  }

  /** Tells the same for a piece that somebody waits for: a few more may be before it then. */
  boolean hasRoomToPlanNow(int pieceLength) {
    double extra = (double) Limits.LAST_RESORT_PIECES * pieceLength;
    return up.hasRoomToPlan(seconds() * upRate() + extra, pieces() + Limits.LAST_RESORT_PIECES);
  }

  private double seconds() {
    return isCdn ? Limits.CDN_SECONDS : Limits.PEER_SECONDS;
  }

  private int pieces() {
    return isCdn ? Limits.CDN_PIECES : Limits.PEER_PIECES;
  }

  /** Nanoseconds until this peer's uplink has sent what is before it and so many bytes more. */
  long upNanos(long bytes) {
    return (long) ((up.backlogBytes() + bytes) * 1e9 / upRate());
  }

  /** Nanoseconds until it has sent what is assigned already and so many bytes more. */
  long upNanosAssigned(long bytes) {
    return (long) ((up.assignedBytes() + bytes) * 1e9 / upRate());
  }

  /** Nanoseconds until its downlink has brought all that is planned or assigned. */
  long downNanos() {
    return (long) (down.backlogBytes() * 1e9 / downRate());
  }

  /** Nanoseconds until it has brought what is assigned already. */
  long downNanosAssigned() {
    return (long) (down.assignedBytes() * 1e9 / downRate());
  }

  /** Tells whether so much is before this taker that more plans would be stale when it comes. */
  boolean isFull() {
    return !down.hasRoomToPlan(
        fleet.takerSeconds() * fleet.downRateAtLeast(this), Limits.TAKER_PIECES);
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

  void taskGives(boolean gives) {
    tasksGiving += gives ? 1 : -1;
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
      (spare ? membersInTurn() : members)
          .forEach(member -> member.swarm().spareChanged(member, spare));
    }
  }

  /** Offers the room on the uplink to those that wait for it. */
  void offerRoom() {
    for (Member member : members) {
      if (member.giving().firstWaiting() != null && hasRoomFor(member)) {
        member.giving().offerRoom(Math.max(1, seconds() * upRate() - up.assignedBytes()));
      }
    }
  }

  boolean isIdle() {
    return tasksGiving == 0 && up.isIdle() && down.isIdle();
  }

  boolean isSpare() {
    return isSpare;
  }

  @Override
  public String toString() {
    return peer.id().brief();
  }
}
