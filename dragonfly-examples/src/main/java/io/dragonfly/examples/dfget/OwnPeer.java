package io.dragonfly.examples.dfget;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;

/** A peer for one call alone, in this process. */
final class OwnPeer implements PeerHost {
  @Override
  public Lease lend(ClientConfig wanted) {
    DistributionClient client = new DistributionClient(wanted);
    return new Lease() {
      @Override
      public DistributionClient client() {
        return client;
      }

      @Override
      public void close() {
        client.close();
      }
    };
  }
}
