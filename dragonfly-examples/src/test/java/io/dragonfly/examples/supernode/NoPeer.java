package io.dragonfly.examples.supernode;

import io.dragonfly.examples.dfget.PeerHost;
import io.dragonfly.examples.dfget.PeerSettings;

/** Where no peer is needed. */
final class NoPeer implements PeerHost {
  @Override
  public boolean outlivesCalls() {
    return false;
  }

  @Override
  public Lease lend(PeerSettings wanted) {
    throw new UnsupportedOperationException("no peer is needed");
  }
}
