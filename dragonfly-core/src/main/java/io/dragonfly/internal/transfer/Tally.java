package io.dragonfly.internal.transfer;

import io.dragonfly.fetch.FetchProgress;
import io.dragonfly.fetch.ParentShare;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import java.time.Duration;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * Counts where the bytes of one fetch came from. Confined to the loop, except {@link #progress}.
 */
final class Tally {
  private final Map<PieceOrigin.Kind, Long> bytes = new EnumMap<>(PieceOrigin.Kind.class);
  private final Map<PeerId, ParentShare> parents = new LinkedHashMap<>();
  private OptionalLong length = OptionalLong.empty();
  private volatile FetchProgress progress = new FetchProgress(length, 0, 0, 0, 0);

  /** Sets how many bytes are wanted in all. */
  void wants(long all) {
    length = OptionalLong.of(all);
    show();
  }

  void add(PieceOrigin origin, long more) {
    count(origin, more);
  }

  /** Takes back bytes that turned out not to be there. */
  void remove(PieceOrigin origin, long lost) {
    count(origin, -lost);
  }

  private void count(PieceOrigin origin, long change) {
    if (change == 0) {
      return;
    }
    bytes.merge(origin.kind(), change, Long::sum);
    origin.parent().ifPresent(parent -> share(parent, change, origin.nanos()));
    show();
  }

  private void share(Peer parent, long change, long nanos) {
    ParentShare old = parents.getOrDefault(parent.id(), new ParentShare(parent, 0, Duration.ZERO));
    Duration time = change > 0 ? old.time().plusNanos(nanos) : old.time().minusNanos(nanos);
    parents.put(parent.id(), new ParentShare(parent, old.bytes() + change, time));
  }

  private void show() {
    progress =
        new FetchProgress(
            length,
            bytes.getOrDefault(PieceOrigin.Kind.PEER, 0L),
            bytes.getOrDefault(PieceOrigin.Kind.SUPERNODE, 0L),
            bytes.getOrDefault(PieceOrigin.Kind.SOURCE, 0L),
            bytes.getOrDefault(PieceOrigin.Kind.STORE, 0L));
  }

  /** Returns how far the fetch is. From any thread. */
  FetchProgress progress() {
    return progress;
  }

  /** Returns what each parent gave. */
  List<ParentShare> parents() {
    return parents.values().stream().filter(share -> share.bytes() > 0).toList();
  }
}
