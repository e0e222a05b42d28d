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

/** The peers of one task, and the pieces that each has. */
final class Swarm {
  private static final SlotSet NONE = new SlotSet();

  private final PeerRegistry registry;
  private final TaskId task;
  private final Member cdn;
  private final Map<PeerId, Member> members = new LinkedHashMap<>();
  private final List<@Nullable Member> slots = new ArrayList<>();
  private final BitSet freeSlots = new BitSet();
  private final Map<String, Zone> zones = new LinkedHashMap<>();

  /** For each piece the slots of the reachable peers that have it. */
  private final List<@Nullable SlotSet> holders = new ArrayList<>();

  private final Rarity rarity = new Rarity();

  /** Pieces that the supernode cache or a peer has. */
  private final BitSet available = new BitSet();

  /** Fresh pieces: only the supernode cache has them, and they are planned for no peer. */
  private final BitSet fresh = new BitSet();

  /** Slots of the peers with spare uplink capacity. */
  private final SlotSet spare = new SlotSet();

  /** Number of full members, without slow and hidden ones. */
  private int full;

  /** Number of members that want pieces in order. */
  private int readers;

  /** Number of pieces that are assigned to members. */
  private int inFlight;

  /** Number of members that lack a wanted piece. */
  private int lacking;

  private final IdlePeers idlePeers;
  private PieceLayout layout;

  Swarm(PeerRegistry registry, TaskId task, PieceLayout layout, PeerState cdn) {
    this.registry = registry;
    this.task = task;
    this.layout = layout;
    this.cdn = new Member(this, cdn, zone(cdn.peer().zone()), 0);
    cdn.members().add(this.cdn);
    slots.add(this.cdn);
    idlePeers = new IdlePeers(registry, this::mayBeFound);
    grow(layout.isLengthKnown() ? layout.pieces() : 0);
  }

  TaskId task() {
    return task;
  }

  PeerRegistry registry() {
    return registry;
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

  /** Tells whether a peer with this number of its wanted pieces has all of them. */
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

  /** Returns the number of pieces; while it is unknown, the number of pieces known so far. */
  int pieces() {
    return layout.isLengthKnown() ? layout.pieces() : rarity.pieces();
  }

  Zone zone(String name) {
    return zones.computeIfAbsent(name, Zone::new);
  }

  Collection<Zone> zones() {
    return zones.values();
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

  SlotSet spare() {
    return spare;
  }

  /**
   * Tells whether the supernode cache has nothing to do that only it can: pieces that only it has,
   * or still downloads from the source, come first, because all peers wait for those.
   */
  boolean isCdnIdle() {
    return fresh.isEmpty()
        && layout.isLengthKnown()
        && cdn.pieceCount() >= layout.pieces()
        && cdn.peer().canPlanMore();
  }

  /** Tells whether any peer may have capacity for another plan. */
  boolean hasCapacity() {
    return !spare.isEmpty() || (!cdn.pieces().isEmpty() && cdn.peer().mayPlanNow(cdn));
  }

  /**
   * Tells whether a peer may find a piece that is not planned for it: some peers have pieces that
   * others lack.
   */
  boolean mayBeFound() {
    return readers > 0 || rarity.hasCopiesBelow(members.size());
  }

  /** Counts a member that starts or stops to want pieces in order. */
  void readersChanged(boolean isMore) {
    readers += isMore ? 1 : -1;
  }

  /** Returns the slots of the peers that have a piece. The caller must not change them. */
  SlotSet holders(int piece) {
    SlotSet slotsOfHolders = holders.get(piece);
    return slotsOfHolders == null ? NONE : slotsOfHolders;
  }

  IdlePeers idlePeers() {
    return idlePeers;
  }

  Member join(PeerState peer, BitSet has, PieceSpan wanted) {
    int slot = freeSlots.isEmpty() ? slots.size() : freeSlots.nextSetBit(0);
    freeSlots.clear(slot);
    Member member = new Member(this, peer, zone(peer.peer().zone()), slot);
    if (slot == slots.size()) {
      slots.add(member);
    } else {
      slots.set(slot, member);
    }
    members.put(peer.peer().id(), member);
    member.zone().add(member);
    peer.members().add(member);
    member.reviewSpare();
    has.stream().filter(this::isPiece).forEach(piece -> gained(member, piece));
    member.want(wanted);
    member.reviewFull();
    return member;
  }

  /** Removes a member, and all that it was to download or upload. */
  void leave(Member member) {
    member.downloads().forEach(PieceDownload::end);
    for (PieceDownload download : member.uploads().all()) {
      download.end();
      registry.ready(download.child().peer());
    }
    for (int piece : member.pieces().stream().toArray()) {
      lost(member, piece);
    }
    idlePeers.remove(member);
    member.left();
    leaveZone(member);
    members.remove(member.peer().peer().id());
    member.peer().members().remove(member);
    spare.set(member.slot(), false);
    slots.set(member.slot(), null);
    freeSlots.set(member.slot());
  }

  /** Peers choose the names of their zones, so a zone without peers must not be kept. */
  private void leaveZone(Member member) {
    Zone zone = member.zone();
    zone.remove(member);
    if (zone.members().isEmpty() && zone != cdn.zone()) {
      zones.remove(zone.name());
    }
  }

  /** Ends the task: all members leave. */
  void end() {
    List.copyOf(members.values()).forEach(this::leave);
    cdn.uploads().all().forEach(PieceDownload::end);
    cdn.peer().members().remove(cdn);
  }

  void gained(Member member, int piece) {
    if (piece >= rarity.pieces()) { // if the length of the file is not known
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
      SlotSet slotsOfHolders = holders.get(piece);
      if (slotsOfHolders == null) {
        slotsOfHolders = new SlotSet();
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
    member.zone().copyChanged(piece, more);
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

  /** Counts a piece that is assigned to a member, or no longer. */
  void inFlightChanged(boolean isMore) {
    inFlight += isMore ? 1 : -1;
  }

  /** Counts a member that starts or stops to lack a wanted piece. */
  void lackingChanged(boolean isMore) {
    lacking += isMore ? 1 : -1;
  }

  /** Tells whether there is anything to plan, to assign or to wait for. */
  boolean isActive() {
    return lacking > 0 || inFlight > 0;
  }

  /** Updates what changes with time: rates, and late pieces. */
  void review() {
    zones.values().forEach(Zone::reviewRates);
    members.values().forEach(member -> member.releaseLate(registry.now()));
  }

  void fullChanged(boolean isFull) {
    full += isFull ? 1 : -1;
  }

  /**
   * Tells whether so many peers are full that new plans would leave them out. Each would then have
   * to search for what it misses, which costs more than to wait.
   */
  boolean isBackedUp() {
    return full > Limits.MOST_FULL * members.size();
  }

  void spareChanged(Member member, boolean isSpare) {
    if (!member.isCdn()) {
      spare.set(member.slot(), isSpare && member.isReachable());
      if (isSpare) {
        idlePeers.wakeOne();
      }
    } else if (isSpare) {
      idlePeers.wakeOne();
    }
  }

  @Override
  public String toString() {
    return task.brief();
  }
}
