package io.dragonfly.scheduler;

import io.dragonfly.peer.PeerId;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** All that take part in one task, and who holds which piece. */
final class Swarm {
  private static final Slots NONE = new Slots();

  private final Fleet fleet;
  private final TaskId task;
  private final Member cdn;
  private final Map<PeerId, Member> members = new LinkedHashMap<>();
  private final List<@Nullable Member> slots = new ArrayList<>();
  private final BitSet freeSlots = new BitSet();
  private final Map<String, Idc> idcs = new LinkedHashMap<>();

  /** For each piece the slots of the peers that hold it and can be reached. */
  private final List<@Nullable Slots> holders = new ArrayList<>();

  private final Rarity rarity = new Rarity();

  /** Pieces that somebody holds, the CDN cache or a peer. */
  private final BitSet available = new BitSet();

  /** Pieces that the CDN cache holds, no peer holds, and none is planned to get. */
  private final BitSet fresh = new BitSet();

  /** Slots of the peers whose uplink has room to plan more. */
  private final Slots spare = new Slots();

  /** How many of its members are full, but slow and hidden ones. */
  private int full;

  /** How many of its members want pieces in their order. */
  private int readers;

  /** How many pieces are assigned to its members. */
  private int inFlight;

  /** How many of its members lack a piece that they want. */
  private int lacking;

  private final Hungry hungry;
  private PieceLayout layout;

  Swarm(Fleet fleet, TaskId task, PieceLayout layout, PeerState cdn) {
    this.fleet = fleet;
    this.task = task;
    this.layout = layout;
    this.cdn = new Member(this, cdn, idc(cdn.peer().idc()), 0);
    cdn.members().add(this.cdn);
    slots.add(this.cdn);
    hungry = new Hungry(fleet, this::mayBeFound);
    grow(layout.isLengthKnown() ? layout.pieces() : 0);
  }

  TaskId task() {
    return task;
  }

  Fleet fleet() {
    return fleet;
  }

  Member cdn() {
    return cdn;
  }

  void setLayout(PieceLayout now) {
    layout = now;
    grow(layout.isLengthKnown() ? layout.pieces() : 0);
    members.values().forEach(Member::reviewOrder);
    members.values().forEach(Member::reviewLacking);
  }

  private void grow(int pieces) {
    rarity.grow(pieces);
    while (holders.size() < pieces) {
      holders.add(null);
    }
  }

  /** Tells whether a peer with so many of the pieces that it wants has them all. */
  boolean isAll(PieceSpan wanted, int pieces) {
    return wanted.isEmpty()
        || (layout.isLengthKnown()
            && pieces >= Math.min(wanted.end(), layout.pieces()) - wanted.first());
  }

  boolean isPiece(int piece) {
    return layout.isPiece(piece);
  }

  int pieceLength() {
    return layout.pieceLength();
  }

  long bytes(int piece) {
    return layout.range(piece).length();
  }

  /** How many pieces there are, or while that is unknown, have been heard of. */
  int pieces() {
    return layout.isLengthKnown() ? layout.pieces() : rarity.pieces();
  }

  Idc idc(String name) {
    return idcs.computeIfAbsent(name, Idc::new);
  }

  Collection<Idc> idcs() {
    return idcs.values();
  }

  @Nullable Member member(PeerId id) {
    return id.equals(cdn.peer().peer().id()) ? cdn : members.get(id);
  }

  Collection<Member> members() {
    return members.values();
  }

  @Nullable Member at(int slot) {
    return slots.get(slot);
  }

  int slots() {
    return slots.size();
  }

  Rarity rarity() {
    return rarity;
  }

  BitSet available() {
    return available;
  }

  BitSet fresh() {
    return fresh;
  }

  Slots spare() {
    return spare;
  }

  /**
   * Tells whether the CDN cache has nothing to do that only it can: what it alone has, or is still
   * to read from the source, comes first, since that is what everybody waits for in the end.
   */
  boolean isCdnIdle() {
    return fresh.isEmpty()
        && layout.isLengthKnown()
        && cdn.pieceCount() >= layout.pieces()
        && cdn.peer().hasRoomToPlan();
  }

  /** Tells whether anybody might be planned to give something. */
  boolean hasRoom() {
    return !spare.isEmpty() || (!cdn.pieces().isEmpty() && cdn.peer().mayPlanNow(cdn));
  }

  /** Tells whether any peer may find a piece that is not planned for it: some have it, not all. */
  boolean mayBeFound() {
    return readers > 0 || rarity.hasCopiesBelow(members.size());
  }

  /** One of its members more wants pieces in their order, or one less. */
  void readersChanged(boolean isMore) {
    readers += isMore ? 1 : -1;
  }

  /** Returns the slots of a piece's holders, to look at only. */
  Slots holders(int piece) {
    Slots slotsOfHolders = holders.get(piece);
    return slotsOfHolders == null ? NONE : slotsOfHolders;
  }

  Hungry hungry() {
    return hungry;
  }

  Member join(PeerState peer, BitSet has, PieceSpan wanted) {
    int slot = freeSlots.isEmpty() ? slots.size() : freeSlots.nextSetBit(0);
    freeSlots.clear(slot);
    Member member = new Member(this, peer, idc(peer.peer().idc()), slot);
    if (slot == slots.size()) {
      slots.add(member);
    } else {
      slots.set(slot, member);
    }
    members.put(peer.peer().id(), member);
    member.idc().add(member);
    peer.members().add(member);
    member.reviewSpare();
    has.stream().filter(this::isPiece).forEach(piece -> gained(member, piece));
    member.want(wanted);
    member.reviewFull();
    return member;
  }

  /** Takes a member out, and with it all that it was to take or to give. */
  void leave(Member member) {
    member.takes().forEach(Take::end);
    for (Take take : member.giving().all()) {
      take.end();
      fleet.ready(take.taker().peer());
    }
    for (int piece : member.pieces().stream().toArray()) {
      lost(member, piece);
    }
    hungry.remove(member);
    member.left();
    leaveIdc(member);
    members.remove(member.peer().peer().id());
    member.peer().members().remove(member);
    spare.set(member.slot(), false);
    slots.set(member.slot(), null);
    freeSlots.set(member.slot());
  }

  /** Peers choose the names of their data centres, so one without peers must not be kept. */
  private void leaveIdc(Member member) {
    Idc idc = member.idc();
    idc.remove(member);
    if (idc.members().isEmpty() && idc != cdn.idc()) {
      idcs.remove(idc.name());
    }
  }

  /** The task ends: nobody takes part in it any longer. */
  void end() {
    List.copyOf(members.values()).forEach(this::leave);
    cdn.giving().all().forEach(Take::end);
    cdn.peer().members().remove(cdn);
  }

  void gained(Member member, int piece) {
    if (piece >= rarity.pieces()) { // of a file whose length is not known
      grow(piece + 1);
      members.values().forEach(Member::reviewOrder);
    }
    member.gained(piece);
    if (member.isReachable()) {
      available.set(piece);
    }
    if (member.isCdn()) {
      fresh.set(piece, rarity.count(piece) == 0);
    } else if (member.isReachable()) {
      Slots slotsOfHolders = holders.get(piece);
      if (slotsOfHolders == null) {
        slotsOfHolders = new Slots();
        holders.set(piece, slotsOfHolders);
      }
      slotsOfHolders.set(member.slot(), true);
    }
  }

  void lost(Member member, int piece) {
    if (!member.has(piece)) {
      return;
    }
    member.lost(piece);
    if (member.isCdn()) {
      fresh.clear(piece);
    } else if (member.isReachable()) {
      holders(piece).set(member.slot(), false);
    }
    available.set(piece, cdn.has(piece) || !holders(piece).isEmpty());
  }

  void copyChanged(Member member, int piece, boolean more) {
    member.idc().copyChanged(piece, more);
    if (more) {
      rarity.increment(piece);
    } else {
      rarity.decrement(piece);
    }
    fresh.set(piece, cdn.has(piece) && rarity.count(piece) == 0);
  }

  int inFlight() {
    return inFlight;
  }

  /** One piece more is assigned to one of its members, or one less. */
  void inFlightChanged(boolean isMore) {
    inFlight += isMore ? 1 : -1;
  }

  /** One of its members more lacks a piece that it wants, or one less. */
  void lackingChanged(boolean isMore) {
    lacking += isMore ? 1 : -1;
  }

  /** Tells whether there is anything to plan, to assign or to wait for. */
  boolean isActive() {
    return lacking > 0 || inFlight > 0;
  }

  /** Looks again at what changes with time: rates, and pieces that are late. */
  void review() {
    idcs.values().forEach(Idc::reviewRates);
    members.values().forEach(member -> member.releaseLate(fleet.now()));
  }

  void fullChanged(boolean isFull) {
    full += isFull ? 1 : -1;
  }

  /**
   * Tells whether so many are full that new plans would pass them by. What they do not get as
   * planned is to be found for each of them, which costs more than to wait for them.
   */
  boolean isBackedUp() {
    return full > Limits.MOST_FULL * members.size();
  }

  void spareChanged(Member member, boolean isSpare) {
    if (!member.isCdn()) {
      spare.set(member.slot(), isSpare && member.isReachable());
      if (isSpare) {
        hungry.wakeOne();
      }
    } else if (isSpare) {
      hungry.wakeOne();
    }
  }

  @Override
  public String toString() {
    return task.brief();
  }
}
