package io.dragonfly.scheduler;

import io.dragonfly.spi.Scheduler.QueuePlace;
import io.dragonfly.task.PieceSpan;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * One peer in one task. Each piece is HAD, or ASKED (there is a {@link Take} of it, or with a hedge
 * two), or neither.
 */
final class Member {
  private final Swarm swarm;
  private final PeerState peer;
  private final Idc idc;
  private final int slot;
  private final boolean isReachable;
  private final BitSet has = new BitSet();
  private final BitSet asked = new BitSet();
  private PieceSpan wanted = PieceSpan.NONE;

  private final Agenda agenda = new Agenda();

  /** What it is to get of each piece, planned or assigned, but hedges. */
  private final TakeTable takes = new TakeTable();

  /** Second copies that were asked for since the first is late. */
  private final TakeTable hedges = new TakeTable();

  private final Parents parents = new Parents();
  private int assigned;

  /** What is planned for it or assigned to it. */
  private final Load load = new Load();

  private Appetite appetite = Appetite.UNKNOWN;

  /** Since when nothing is assigned to it; of interest while nothing is. */
  private long idleSince;

  private final Giving giving;
  private boolean isCounted;
  private boolean isCountedFull;
  private boolean isSpare;
  private boolean isReader;
  private int ringPlace;
  private int count;

  /** How many of the pieces that it wants it has. */
  private int wantedCount;

  /** Whether it lacks a piece that it wants. */
  private boolean isLacking;

  private int owned;
  private double credit;

  /** What came of its last look for a piece that was not planned for it. */
  enum Appetite {
    UNKNOWN,
    EATS,
    WAITS
  }

  Member(Swarm swarm, PeerState peer, Idc idc, int slot) {
    this.swarm = swarm;
    this.peer = peer;
    this.idc = idc;
    this.slot = slot;
    // The CDN cache always gives: if it does not listen, all takers are in its process.
    isReachable = peer.isCdn() || peer.peer().isReachable();
    isCounted = mayBeCounted();
    giving = new Giving(peer);
    idleSince = swarm.fleet().now();
  }

  Swarm swarm() {
    return swarm;
  }

  PeerState peer() {
    return peer;
  }

  Idc idc() {
    return idc;
  }

  /** Its number in the sets of its swarm. */
  int slot() {
    return slot;
  }

  boolean isCdn() {
    return peer.isCdn();
  }

  /** Tells whether others can take from it; that does not change while it takes part. */
  boolean isReachable() {
    return isReachable;
  }

  PieceSpan wanted() {
    return wanted;
  }

  void want(PieceSpan span) {
    if (wanted.isEmpty()) {
      idleSince = swarm.fleet().now();
    }
    wanted = span;
    wantedCount = (int) has.stream().filter(span::contains).count();
    reviewLacking();
    reviewOrder();
    swarm.hungry().wake(this);
    for (Take take : takes()) {
      if (!take.isAssigned() && !span.contains(take.piece())) {
        take.end();
      }
    }
  }

  boolean has(int piece) {
    return has.get(piece);
  }

  BitSet pieces() {
    return has;
  }

  int pieceCount() {
    return count;
  }

  boolean hasOrAsked(int piece) {
    return has.get(piece) || asked.get(piece);
  }

  boolean lacks(int piece) {
    return wanted.contains(piece) && !hasOrAsked(piece);
  }

  /** Finds the wanted pieces among these that it neither has nor has asked for. */
  void findLacking(BitSet available, BitSet lacking) {
    lacking.clear();
    lacking.or(available);
    lacking.andNot(has);
    lacking.andNot(asked);
    lacking.clear(0, Math.min(wanted.first(), lacking.length()));
    if (wanted.end() < lacking.length()) {
      lacking.clear(wanted.end(), lacking.length());
    }
  }

  /** Returns the first wanted piece among these that it neither has nor has asked for, or -1. */
  int firstLacking(BitSet among) {
    int piece = among.nextSetBit(wanted.first());
    while (piece >= 0 && hasOrAsked(piece)) {
      piece = among.nextSetBit(piece + 1);
    }
    return piece < wanted.end() ? piece : -1;
  }

  /** A copy here counts as one that others can take soon: the peer is not slow, hidden or lost. */
  boolean isCounted() {
    return isCounted;
  }

  private boolean mayBeCounted() {
    return !peer.isCdn() && isReachable() && !peer.isSlow() && !peer.isGone();
  }

  void reviewCounted() {
    boolean now = mayBeCounted();
    if (now != isCounted) {
      BitSet copies = (BitSet) has.clone();
      copies.or(asked);
      copies.stream().forEach(piece -> swarm.copyChanged(this, piece, now));
      isCounted = now;
      idc.ringChanged();
      reviewFull();
    }
  }

  /** Whether it is full is to be looked at again, or whether that matters to the others. */
  void reviewFull() {
    boolean now = isCounted && peer.isBusy() && isFull();
    if (now != isCountedFull) {
      isCountedFull = now;
      swarm.fullChanged(now);
    }
  }

  /** What it has to send has changed: there may be room for what was not planned, or no longer. */
  void reviewSpare() {
    boolean now = peer.isSpare(this);
    if (now != isSpare) {
      isSpare = now;
      swarm.spareChanged(this, now);
    }
  }

  /** Tells whether what was not planned may be assigned from it. */
  boolean isSpare() {
    return isSpare;
  }

  /** Whether it wants pieces in their order may have changed. */
  void reviewOrder() {
    boolean now = !wanted.isEmpty() && wantsInOrder();
    if (now != isReader) {
      isReader = now;
      swarm.readersChanged(now);
    }
  }

  /** Whether it lacks a piece that it wants may have changed. */
  void reviewLacking() {
    setLacking(!isCdn() && !swarm.isAll(wanted, wantedCount));
  }

  private void setLacking(boolean now) {
    if (now != isLacking) {
      isLacking = now;
      swarm.lackingChanged(now);
    }
  }

  /** It takes part no longer. */
  void left() {
    setLacking(false);
    if (isReader) {
      isReader = false;
      swarm.readersChanged(false);
    }
    if (isCountedFull) {
      isCountedFull = false;
      swarm.fullChanged(false);
    }
  }

  void gained(int piece) {
    if (has.get(piece)) {
      return;
    }
    boolean isNew = !asked.get(piece);
    has.set(piece);
    count++;
    if (wanted.contains(piece)) {
      wantedCount++;
      reviewLacking();
    }
    if (isNew && isCounted) {
      swarm.copyChanged(this, piece, true);
    }
    giving.pieceArrived(piece);
  }

  void lost(int piece) {
    has.clear(piece);
    count--;
    if (wanted.contains(piece)) {
      wantedCount--;
      reviewLacking();
    }
    if (isCounted && !asked.get(piece)) {
      swarm.copyChanged(this, piece, false);
    }
  }

  /** What others are to take from here. */
  Giving giving() {
    return giving;
  }

  void willTake(Take take) {
    if (asked.get(take.piece())) {
      hedges.put(take);
      return;
    }
    takes.put(take);
    agenda.add(take);
    asked.set(take.piece());
    if (take.parent().isCdn()) {
      owned++;
    }
    if (isCounted && !has.get(take.piece())) {
      swarm.copyChanged(this, take.piece(), true);
    }
  }

  void takes(Take take) {
    parents.add(take.parent());
    if (takes.get(take.piece()) == take) {
      agenda.remove(take);
      assigned++;
    }
  }

  void takesNoMore(Take take) {
    int piece = take.piece();
    if (take.isAssigned()) {
      idleSince = swarm.fleet().now();
      boolean hadAll = hasAllParents();
      if (parents.remove(take.parent())) {
        agenda.offerPaused();
        if (hadAll) {
          swarm.hungry().wake(this);
        }
      }
    }
    if (hedges.get(piece) == take) {
      hedges.remove(piece);
      return;
    }
    if (take.parent().isCdn()) {
      owned--;
    }
    if (take.isAssigned()) {
      assigned--;
    } else {
      agenda.remove(take);
    }
    Take hedge = hedges.get(piece);
    if (hedge == null) {
      takes.remove(piece);
      asksNoMore(piece);
    } else {
      becomesOnly(hedge);
    }
  }

  /** The hedge is all that is left. */
  private void becomesOnly(Take hedge) {
    hedges.remove(hedge.piece());
    takes.put(hedge);
    assigned++;
    if (hedge.parent().isCdn()) {
      owned++;
    }
  }

  private void asksNoMore(int piece) {
    asked.clear(piece);
    if (!has.get(piece)) {
      if (isCounted) {
        swarm.copyChanged(this, piece, false);
      }
      giving.pieceGone(piece);
    }
  }

  Load load() {
    return load;
  }

  /**
   * Tells whether so much is before it, in this task, that nothing more is to be planned for it.
   */
  boolean isFull() {
    return peer.isFull() && !peer.isInShareOfDownlink(load);
  }

  Agenda agenda() {
    return agenda;
  }

  /** Tells whether this is true of a take that is planned for it or assigned to it, but hedges. */
  boolean hasTake(Predicate<Take> which) {
    return takes.hasAny(which);
  }

  /** Returns what is assigned to it, but hedges. */
  List<Take> assigned() {
    List<Take> all = new ArrayList<>();
    takes.forEach(
        take -> {
          if (take.isAssigned()) {
            all.add(take);
          }
        });
    return all;
  }

  boolean isHedged(int piece) {
    return hedges.get(piece) != null;
  }

  @Nullable Take assigned(int piece, PeerState parent) {
    Take hedge = hedges.isEmpty() ? null : hedges.get(piece);
    if (hedge != null && hedge.parent().peer() == parent) {
      return hedge;
    }
    Take take = takes.get(piece);
    return take != null && take.isAssigned() && take.parent().peer() == parent ? take : null;
  }

  /** How it is to get a piece; null if it is not. */
  @Nullable Take take(int piece) {
    return takes.get(piece);
  }

  /** Ends what it was to take of one piece. */
  void endTakesOf(int piece) {
    // A hedge takes the place of what it stands for.
    for (Take take = takes.get(piece); take != null; take = takes.get(piece)) {
      take.end();
    }
  }

  /** What is planned from a parent is to be looked at again. */
  void review(PeerState parent) {
    takes.forEach(
        take -> {
          if (!take.isAssigned() && take.parent().peer() == parent) {
            agenda.offer(take);
          }
        });
  }

  /** What it has not been told yet to take is no longer planned for it. */
  void endPlanned() {
    takes().stream().filter(take -> !take.isAssigned()).forEach(Take::end);
  }

  /** What it should have long got or reported counts on its parents' uplinks no longer. */
  void releaseLate(long now) {
    takes.forEach(take -> take.releaseIfLate(now));
  }

  /** How many pieces it is to get as their first holder. */
  int owned() {
    return owned;
  }

  /** Tells whether it is one of those through which pieces enter its data centre from others. */
  boolean isEntry() {
    return swarm.idcs().size() > 1 && idc != swarm.cdn().idc() && idc.entries().contains(this);
  }

  /** Its place in the ring of its data centre, if it is counted. */
  int ringPlace() {
    return ringPlace;
  }

  void setRingPlace(int place) {
    ringPlace = place;
  }

  /** All that is planned for or assigned to it. */
  List<Take> takes() {
    List<Take> all = new ArrayList<>();
    takes.forEach(all::add);
    hedges.forEach(all::add);
    return all;
  }

  /** Those that it has something in flight from. */
  Parents parents() {
    return parents;
  }

  /** Tells whether it has something in flight from as many parents as it may. */
  boolean hasAllParents() {
    return parents.size() >= Limits.PARENTS;
  }

  boolean mayAskFrom(Member parent) {
    return !hasAllParents() || parents.contains(parent);
  }

  /** Pieces that it may have in flight: as many as pass its downlink in a time, within bounds. */
  int inFlightLimit() {
    if (!peer.down().meter().isKnown()) {
      return Limits.IN_FLIGHT_FIRST;
    }
    double pieces = Limits.IN_FLIGHT_SECONDS * peer.downRate() / swarm.pieceLength();
    return (int) Math.max(Limits.IN_FLIGHT_LEAST, Math.min(Limits.IN_FLIGHT_MOST, pieces));
  }

  boolean hasRoom() {
    return assigned < inFlightLimit();
  }

  /** Tells whether it wants the pieces in their order: it reads a part, or as it goes. */
  boolean wantsInOrder() {
    return wanted.first() > 0 || wanted.end() < swarm.pieces();
  }

  /** Tells whether it has so little in flight that it needs more than what was planned for it. */
  boolean isHungry() {
    return assigned < Math.max(Limits.HUNGRY_PIECES, Limits.HUNGRY_SHARE * inFlightLimit());
  }

  Appetite appetite() {
    return appetite;
  }

  void setAppetite(Appetite now) {
    appetite = now;
  }

  boolean hasAssigned() {
    return assigned > 0;
  }

  /**
   * Tells whether it has lacked something for a while that others have, and has nothing in flight
   * and no plan that may still come true.
   */
  boolean isStarving(long now) {
    return assigned == 0
        && now - idleSince > Limits.STARVING_NANOS
        && firstMissing(swarm.available(), 0) >= 0
        && !hasPlan(now);
  }

  /** Tells whether it has starved for so long that nobody else comes first. */
  boolean isUrgent(long now) {
    return swarm.inFlight() == 0 || now - idleSince > Limits.URGENT_NANOS;
  }

  private boolean hasPlan(long now) {
    boolean[] hasPlan = {false};
    takes.forEach(take -> hasPlan[0] |= take.mayComeTrue(now));
    return hasPlan[0];
  }

  /** Tells whether all that is assigned to it waits at parents that have much to send before it. */
  boolean waitsAtParents() {
    return assigned().stream()
        .allMatch(take -> take.parent().peer().upNanosAssigned(0) > Limits.QUEUE_NANOS);
  }

  /** Returns its task's place in the queue for a parent that it waits for; empty if it does not. */
  Optional<QueuePlace> waitingPlace() {
    return takes().stream()
        .filter(take -> take.parent().giving().isWaiting(take))
        .findFirst()
        .flatMap(take -> take.parent().peer().waitingPlace(take.parent()));
  }

  /** Returns the first wanted piece from one on, among these, that it does not have; or -1. */
  int firstMissing(BitSet among, int from) {
    int piece = among.nextSetBit(Math.max(from, wanted.first()));
    while (piece >= 0 && has.get(piece)) {
      piece = among.nextSetBit(piece + 1);
    }
    return piece < wanted.end() ? piece : -1;
  }

  /** How much this peer has had to wait for its turn as the first holder. */
  double credit() {
    return credit;
  }

  void addCredit(double more) {
    credit += more;
  }

  @Override
  public String toString() {
    return peer.toString();
  }
}
