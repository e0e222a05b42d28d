package io.dragonfly.internal.transfer;

import io.dragonfly.control.Origin;
import io.dragonfly.peer.Peer;
import java.util.Optional;

/**
 * Where a piece of a download came from.
 *
 * @param kind the kind of origin
 * @param parent the parent, if it came from the swarm
 * @param nanos nanoseconds of its download
 */
record PieceOrigin(Kind kind, Optional<Peer> parent, long nanos) {
  /** The piece was stored before. */
  static final PieceOrigin STORE = new PieceOrigin(Kind.STORE, Optional.empty(), 0);

  /** The kinds of origins. */
  enum Kind {
    PEER,
    SUPERNODE,
    SOURCE,
    STORE;

    /** Returns the origin for listeners and results; empty for stored pieces. */
    Optional<Origin> overNetwork() {
      return switch (this) {
        case PEER -> Optional.of(Origin.PEER);
        case SUPERNODE -> Optional.of(Origin.SUPERNODE);
        case SOURCE -> Optional.of(Origin.SOURCE);
        case STORE -> Optional.empty();
      };
    }
  }
}
