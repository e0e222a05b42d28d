package io.dragonfly.internal.supernode;

import io.dragonfly.internal.queue.HostKey;
import java.util.HashMap;
import java.util.Map;

/**
 * Which part of all places is isolated. Each place counts as one, however many peers are there: one
 * machine may be as many peers as it likes. A place of which some peers are isolated counts in
 * part. Only peers that are there count, not those that have left. {@link Swarms}' lock guards it.
 */
final class IsolatedPlaces {
  /** One place, in the unit of its parts: sums of whole numbers do not drift. */
  private static final long WHOLE = 1 << 20;

  private final Map<HostKey, Peers> places = new HashMap<>();
  private long isolated;

  /** The peers of one place. */
  private record Peers(int all, int isolated) {
    static final Peers NONE = new Peers(0, 0);

    Peers with(int more, int moreIsolated) {
      return new Peers(all + more, isolated + moreIsolated);
    }

    long part() {
      return isolated * WHOLE / Math.max(1, all);
    }
  }

  /** A peer is there. */
  void came(HostKey place, boolean isIsolated) {
    change(place, 1, isIsolated ? 1 : 0);
  }

  /** A peer is gone. */
  void left(HostKey place, boolean isIsolated) {
    change(place, -1, isIsolated ? -1 : 0);
  }

  /** A peer that is there is isolated from now on. */
  void isolated(HostKey place) {
    change(place, 0, 1);
  }

  /** A peer that is there is isolated no longer. */
  void released(HostKey place) {
    change(place, 0, -1);
  }

  /** Tells whether no more than half is isolated with one more peer of a place; or one place. */
  boolean mayIsolate(HostKey place) {
    Peers peers = peers(place);
    long after = isolated - peers.part() + peers.with(0, 1).part();
    return 2 * after <= Math.max(2, places.size()) * WHOLE;
  }

  private Peers peers(HostKey place) {
    return places.getOrDefault(place, Peers.NONE);
  }

  private void change(HostKey place, int more, int moreIsolated) {
    Peers before = peers(place);
    Peers after = before.with(more, moreIsolated);
    isolated += after.part() - before.part();
    if (after.all() == 0) {
      places.remove(place);
    } else {
      places.put(place, after);
    }
  }
}
