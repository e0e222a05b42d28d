package io.dragonfly.scheduler;

import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The peers of one task in one zone, and the number of copies of each piece in it. */
final class Zone {
  private final String name;
  private final Set<Member> members = new LinkedHashSet<>();
  private final SlotSet slots = new SlotSet();
  private List<Member> entries = List.of();
  private @Nullable List<Member> ring;
  private boolean isEven = true;
  private int[] distances = {};
  private int[] entryDistances = {};
  private int[] copies = new int[16];

  Zone(String name) {
    this.name = name;
  }

  String name() {
    return name;
  }

  Set<Member> members() {
    return members;
  }

  /** Returns the slots of the members. */
  SlotSet slots() {
    return slots;
  }

  /**
   * Returns the peers through which pieces enter this zone: the roots of the trees, or the peers
   * that were fastest when they were chosen.
   */
  List<Member> entries() {
    if (entries.isEmpty()) {
      entries = hasTrees() ? roots().mapToObj(ring()::get).toList() : fastest();
    }
    return entries;
  }

  private List<Member> fastest() {
    return ring().stream()
        .sorted(Comparator.comparingDouble((Member m) -> m.peer().upRate()).reversed())
        .limit(Limits.ENTRIES)
        .toList();
  }

  /**
   * Tells whether pieces are distributed along trees, because there are too many peers to connect
   * each with each.
   */
  boolean hasTrees() {
    return isEven && ring().size() > Limits.MESH;
  }

  /** Returns how long before their parents have a piece children may request it, in nanoseconds. */
  long earlyNanos() {
    return ring().size() > Limits.MANY ? Limits.EARLY_AMONG_MANY_NANOS : Limits.EARLY_NANOS;
  }

  /** Checks whether all uplinks have similar rates, which trees need. */
  void reviewRates() {
    double[] rates =
        ring().stream()
            .map(Member::peer)
            .filter(peer -> peer.up().meter().isKnown())
            .mapToDouble(PeerState::upRate)
            .sorted()
            .toArray();
    int tenth = rates.length / 10;
    boolean even =
        rates.length == 0 || rates[tenth] >= Limits.EVEN * rates[rates.length - 1 - tenth];
    if (even != isEven) {
      isEven = even;
      entries = List.of();
    }
  }

  /** Returns the ring positions of the roots of the trees; none if there are no trees. */
  IntStream roots() {
    int size = ring().size();
    int trees = hasTrees() ? Limits.TREES : 0;
    return IntStream.range(0, trees).map(tree -> (int) ((long) tree * size / trees));
  }

  /** Returns the members that upload pieces, in a stable order. */
  List<Member> ring() {
    if (ring == null) {
      ring = members.stream().filter(Member::isCounted).toList();
      for (int place = 0; place < ring.size(); place++) {
        ring.get(place).setRingPlace(place);
      }
      // One parent is the supernode cache, or a peer that is not chosen by the ring.
      distances = distances(Limits.PARENTS - 1);
      entryDistances = distances(Limits.PARENTS - 1 - Limits.ENTRY_PARENTS);
    }
    return ring;
  }

  /** Returns the distances in the ring from a member back to its parents, the nearest first. */
  int[] distances() {
    ring();
    return distances;
  }

  /** Returns the same for an entry peer, which also has parents in other zones. */
  int[] entryDistances() {
    ring();
    return entryDistances;
  }

  private int[] distances(int most) {
    int size = ring == null ? 0 : ring.size();
    int[] distances = new int[Math.min(most, Math.max(0, size - 1))];
    for (int i = 0; i < distances.length; i++) {
      // From 1 to the size of the ring, in equal ratios.
      int even = (int) Math.round(Math.pow(size, (double) i / distances.length));
      distances[i] = Math.max(even, i == 0 ? 1 : distances[i - 1] + 1);
    }
    return distances;
  }

  void ringChanged() {
    ring = null;
    entries = List.of();
  }

  void add(Member member) {
    ringChanged();
    members.add(member);
    slots.set(member.slot(), true);
  }

  void remove(Member member) {
    ringChanged();
    members.remove(member);
    slots.set(member.slot(), false);
  }

  void copyChanged(int piece, boolean more) {
    if (piece >= copies.length) {
      copies = Arrays.copyOf(copies, Math.max(piece + 1, 2 * copies.length));
    }
    copies[piece] += more ? 1 : -1;
  }

  /** Tells whether a peer in this zone has the piece or will get it. */
  boolean hasCopy(int piece) {
    return piece < copies.length && copies[piece] > 0;
  }
}
