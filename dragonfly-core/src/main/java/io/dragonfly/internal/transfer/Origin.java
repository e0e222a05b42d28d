package io.dragonfly.internal.transfer;

import io.dragonfly.peer.Peer;
import java.util.Optional;

/**
 * Where a piece came from.
 *
 * @param kind from what
 * @param parent from whom, if from the swarm
 * @param nanos how long it took
 */
record Origin(Kind kind, Optional<Peer> parent, long nanos) {
  /** It was in the store already. */
  static final Origin STORE = new Origin(Kind.STORE, Optional.empty(), 0);

  /** What a piece can come from. */
  enum Kind {
    PEER,
    SUPERNODE,
    SOURCE,
    STORE;

    /** Returns what it is called where it came from somebody else. */
    Optional<io.dragonfly.control.Origin> overNetwork() {
      return switch (this) {
        case PEER -> Optional.of(io.dragonfly.control.Origin.PEER);
        case SUPERNODE -> Optional.of(io.dragonfly.control.Origin.SUPERNODE);
        case SOURCE -> Optional.of(io.dragonfly.control.Origin.SOURCE);
        case STORE -> Optional.empty();
      };
    }
  }
}
