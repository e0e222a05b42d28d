package io.dragonfly.examples.dfget;

import io.dragonfly.DistributionClient;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A peer for one call alone, in this process. It serves on for as long as the call says. */
final class OwnPeer implements PeerHost {
  @Override
  public boolean outlivesCalls() {
    return false;
  }

  @Override
  public Lease lend(PeerSettings wanted) {
    DistributionClient client = new DistributionClient(wanted.client());
    Duration serving = wanted.aliveTime().orElse(Duration.ZERO);
    RunningFetches running = new RunningFetches();
    CountDownLatch back = new CountDownLatch(1);
    return new Lease() {
      @Override
      public DistributionClient client() {
        return client;
      }

      @Override
      public RunningFetches running() {
        return running;
      }

      @Override
      public void serveOn() throws InterruptedException {
        var unused = back.await(serving.toNanos(), TimeUnit.NANOSECONDS);
      }

      @Override
      public void close() {
        back.countDown();
        client.close();
      }
    };
  }
}
