package io.dragonfly.scheduler;

import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The peers of one task in one data centre, and how many copies of each piece they have. */
final class Idc {
  private final String name;
  private final Set<Member> members = new LinkedHashSet<>();
  private final Slots slots = new Slots();
  private List<Member> entries = List.of();
  private @Nullable List<Member> ring;
  private boolean isEven = true;
  private int[] distances = {};
  private int[] entryDistances = {};
  private int[] copies = new int[16];

  Idc(String name) {
    this.name = name;
  }

  String name() {
    return name;
  }

  Set<Member> members() {
    return members;
  }

  /** The slots of its members. */
  Slots slots() {
    return slots;
  }

  /**
   * Returns those through which pieces enter: the roots of the trees, or the fastest few, as it was
   * when they were chosen.
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

  /** Tells whether pieces are passed on along trees: there are too many for all to all. */
  boolean hasTrees() {
    return isEven && ring().size() > Limits.MESH;
  }

  /** Returns how much earlier than their parents have a piece its members may be told of it. */
  long earlyNanos() {
    return ring().size() > Limits.MANY ? Limits.EARLY_AMONG_MANY_NANOS : Limits.EARLY_NANOS;
  }

  /** Looks again whether all uplinks are about as fast, as they have to be for trees. */
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

  /** Returns the places in the ring of the trees' roots; none if there are no trees. */
  IntStream roots() {
    int size = ring().size();
    int trees = hasTrees() ? Limits.TREES : 0;
    return IntStream.range(0, trees).map(tree -> (int) ((long) tree * size / trees));
  }

  /** Returns the members that pass pieces on, in an order that stays as long as they do. */
  List<Member> ring() {
    if (ring == null) {
      ring = members.stream().filter(Member::isCounted).toList();
      for (int place = 0; place < ring.size(); place++) {
        ring.get(place).setRingPlace(place);
      }
      // One parent is the CDN cache, or somebody that the ring does not name.
      distances = distances(Limits.PARENTS - 1);
      entryDistances = distances(Limits.PARENTS - 1 - Limits.ENTRY_PARENTS);
    }
    return ring;
  }

  /** Returns how far before a member of the ring its parents stand, the nearest first. */
  int[] distances() {
    ring();
    return distances;
  }

  /** Returns the same for an entry, which has parents in other data centres, too. */
  int[] entryDistances() {
    ring();
    return entryDistances;
  }

  private int[] distances(int most) {
    int size = ring == null ? 0 : ring.size();
    int[] distances = new int[Math.min(most, Math.max(0, size - 1))];
    for (int i = 0; i < distances.length; i++) {
      // From 1 to the whole ring in equal ratios.
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

  /** Tells whether a peer in here has a piece, or is to get it. */
  boolean hasCopy(int piece) {
    return piece < copies.length && copies[piece] > 0;
  }
}
