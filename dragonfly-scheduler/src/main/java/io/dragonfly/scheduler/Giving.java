package io.dragonfly.scheduler;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the takers of one task are to take from one peer, by piece. */
final class Giving {
  private final PeerState peer;
  private final Map<Integer, List<Take>> takes = new HashMap<>();
  private long assignedBytes;

  Giving(PeerState peer) {
    this.peer = peer;
  }

  void add(Take take) {
    takes.computeIfAbsent(take.piece(), piece -> new ArrayList<>(2)).add(take);
  }

  void remove(Take take) {
    List<Take> ofPiece = takes.get(take.piece());
    if (ofPiece != null && ofPiece.remove(take) && ofPiece.isEmpty()) {
      takes.remove(take.piece());
    }
  }

  /** The peer has a piece: it can be sent, and who was to ask for it later may ask now. */
  void pieceArrived(int piece) {
    for (Take take : takes.getOrDefault(piece, List.of())) {
      take.becomeReady();
      if (!take.isAssigned()) {
        take.taker().swarm().fleet().ready(take.taker().peer());
      }
    }
  }

  /** So many bytes more are assigned, or fewer if negative. */
  void assigned(long bytes) {
    boolean gave = assignedBytes > 0;
    assignedBytes += bytes;
    if (gave != assignedBytes > 0) {
      peer.taskGives(!gave);
    }
  }

  /** Bytes that are assigned and not reported yet. */
  long assignedBytes() {
    return assignedBytes;
  }

  List<Take> of(int piece) {
    return List.copyOf(takes.getOrDefault(piece, List.of()));
  }

  List<Take> all() {
    return takes.values().stream().flatMap(List::stream).toList();
  }
}
