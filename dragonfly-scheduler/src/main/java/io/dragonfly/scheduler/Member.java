package io.dragonfly.scheduler;

import io.dragonfly.task.PieceSpan;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
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
  private final Map<Integer, Take> assigned = new LinkedHashMap<>();
  private final Map<Integer, Take> hedges = new HashMap<>();
  private final Map<Member, Integer> parents = new LinkedHashMap<>();

  private final Giving giving;
  private boolean isCounted;
  private int ringPlace;
  private int owned;
  private double credit;

  Member(Swarm swarm, PeerState peer, Idc idc, int slot) {
    this.swarm = swarm;
    this.peer = peer;
    this.idc = idc;
    this.slot = slot;
    // The CDN cache always gives: if it does not listen, all takers are in its process.
    isReachable = peer.isCdn() || peer.peer().isReachable();
    isCounted = mayBeCounted();
    giving = new Giving(peer);
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
    wanted = span;
    for (Take take : agenda.all()) {
      if (!span.contains(take.piece())) {
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

  boolean hasOrAsked(int piece) {
    return has.get(piece) || asked.get(piece);
  }

  boolean lacks(int piece) {
    return wanted.contains(piece) && !hasOrAsked(piece);
  }

  /** Returns the wanted pieces among these that it neither has nor has asked for. */
  BitSet lacking(BitSet available) {
    BitSet lacking = (BitSet) available.clone();
    lacking.andNot(has);
    lacking.andNot(asked);
    lacking.clear(0, Math.min(wanted.first(), lacking.length()));
    if (wanted.end() < lacking.length()) {
      lacking.clear(wanted.end(), lacking.length());
    }
    return lacking;
  }

  /** A copy here counts as one that others can take soon: it is no slow and no hidden peer's. */
  boolean isCounted() {
    return isCounted;
  }

  private boolean mayBeCounted() {
    return !peer.isCdn() && isReachable() && !peer.isSlow();
  }

  void reviewCounted() {
    boolean now = mayBeCounted();
    if (now != isCounted) {
      BitSet copies = (BitSet) has.clone();
      copies.or(asked);
      copies.stream().forEach(piece -> swarm.copyChanged(this, piece, now));
      isCounted = now;
      idc.ringChanged();
    }
  }

  void gained(int piece) {
    if (has.get(piece)) {
      return;
    }
    boolean isNew = !asked.get(piece);
    has.set(piece);
    if (isNew && isCounted) {
      swarm.copyChanged(this, piece, true);
    }
    giving.pieceArrived(piece);
  }

  void lost(int piece) {
    has.clear(piece);
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
      hedges.put(take.piece(), take);
      return;
    }
    agenda.add(take, take.parent().isCdn());
    asked.set(take.piece());
    if (take.parent().isCdn()) {
      owned++;
    }
    if (isCounted && !has.get(take.piece())) {
      swarm.copyChanged(this, take.piece(), true);
    }
  }

  void takes(Take take) {
    parents.merge(take.parent(), 1, Integer::sum);
    if (agenda.remove(take)) {
      assigned.put(take.piece(), take);
    }
  }

  void takesNoMore(Take take) {
    int piece = take.piece();
    if (take.isAssigned()) {
      parents.computeIfPresent(take.parent(), (parent, count) -> count == 1 ? null : count - 1);
    }
    if (!hedges.remove(piece, take)) {
      if (take.parent().isCdn()) {
        owned--;
      }
      agenda.remove(take);
      assigned.remove(piece, take);
      // The hedge, if there is one, is all that is left.
      Take hedge = hedges.remove(piece);
      if (hedge != null) {
        assigned.put(piece, hedge);
        if (hedge.parent().isCdn()) {
          owned++;
        }
        return;
      }
      asked.clear(piece);
      if (isCounted && !has.get(piece)) {
        swarm.copyChanged(this, piece, false);
      }
    }
  }

  Agenda agenda() {
    return agenda;
  }

  Map<Integer, Take> assigned() {
    return assigned;
  }

  boolean isHedged(int piece) {
    return hedges.containsKey(piece);
  }

  @Nullable Take assigned(int piece, PeerState parent) {
    Take hedge = hedges.get(piece);
    if (hedge != null && hedge.parent().peer() == parent) {
      return hedge;
    }
    Take take = assigned.get(piece);
    return take != null && take.parent().peer() == parent ? take : null;
  }

  /** How it is to get a piece; null if it is not. */
  @Nullable Take take(int piece) {
    Take take = assigned.get(piece);
    return take == null ? agenda.get(piece) : take;
  }

  /** What it was to take of one piece. */
  List<Take> takesOfItsOwn(int piece) {
    if (!asked.get(piece)) {
      return List.of();
    }
    return Stream.of(hedges.get(piece), assigned.get(piece), agenda.get(piece))
        .filter(Objects::nonNull)
        .toList();
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
    List<Take> takes = agenda.all();
    takes.addAll(assigned.values());
    takes.addAll(hedges.values());
    return takes;
  }

  /** Those that it has something in flight from. */
  Set<Member> parents() {
    return parents.keySet();
  }

  /** Tells whether it has something in flight from as many parents as it may. */
  boolean hasAllParents() {
    return parents.size() >= Limits.PARENTS;
  }

  boolean mayAskFrom(Member parent) {
    return !hasAllParents() || parents.containsKey(parent);
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
    return assigned.size() < inFlightLimit();
  }

  /** Tells whether it wants the pieces in their order: it reads a part, or as it goes. */
  boolean wantsInOrder() {
    return wanted.first() > 0 || wanted.end() < swarm.pieces();
  }

  /** Tells whether it has things to do and does hardly any: time may show which are hopeless. */
  boolean isStuck() {
    return assigned.size() < Limits.IN_FLIGHT_LEAST && !agenda.isEmpty();
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
