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
    STORE
  }
}
