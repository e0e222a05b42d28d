package io.dragonfly.internal.transfer;

import io.dragonfly.control.Parent;
import io.dragonfly.internal.transfer.swarm.TaskEvents.Assigned;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.PieceSpan;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Takes pieces from the peers that a supernode named in advance, while it is lost. Nobody knows
 * what they have, so each is asked once for a piece. Confined to the loop.
 */
final class FallbackDownloads {
  private static final int MOST_AT_ONCE = 16;

  private final PieceTable table;
  private final DigestList digests;
  private final SwarmDownloads takes;
  private final Map<Integer, Set<PeerId>> asked = new HashMap<>();
  private List<Parent> contacts = List.of();

  FallbackDownloads(PieceTable table, DigestList digests, SwarmDownloads takes) {
    this.table = table;
    this.digests = digests;
    this.takes = takes;
  }

  /** Starts with these peers, of whom nobody was asked for anything yet. */
  void begin(List<Parent> parents) {
    contacts = parents;
    asked.clear();
  }

  /** Asks nobody any more. */
  void end() {
    contacts = List.of();
    asked.clear();
  }

  /** Asks for missing pieces of a span whose digests are known. */
  void ask(PieceSpan wanted) {
    int end = Math.min(wanted.end(), digests.count());
    for (int piece = wanted.first(); piece < end && takes.pieces() < MOST_AT_ONCE; piece++) {
      if (!contacts.isEmpty() && !table.isDone(piece) && !table.isAsked(piece)) {
        int number = piece;
        next(piece).ifPresent(parent -> takes.assign(new Assigned(number, parent)));
      }
    }
  }

  /** Returns one of those who were not asked for the piece, another one for each piece. */
  private Optional<Parent> next(int piece) {
    Set<PeerId> before = asked.computeIfAbsent(piece, p -> new HashSet<>());
    for (int i = 0; i < contacts.size(); i++) {
      Parent parent = contacts.get((piece + i) % contacts.size());
      if (before.add(parent.peer().id())) {
        return Optional.of(parent);
      }
    }
    return Optional.empty();
  }
}
