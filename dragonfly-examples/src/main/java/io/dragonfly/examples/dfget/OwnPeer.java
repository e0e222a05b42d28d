package io.dragonfly.examples.dfget;

import io.dragonfly.DistributionClient;
import io.dragonfly.error.StorageException;
import io.dragonfly.examples.command.Call;
import io.dragonfly.examples.command.Commands;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** A peer for one call alone, in this process. */
public final class OwnPeer implements PeerHost {
  private final Call call;
  private final boolean servesOn;

  /**
   * A peer for a call.
   *
   * @param servesOn whether it serves others when the call is done, for as long as the call says
   */
  public OwnPeer(Call call, boolean servesOn) {
    this.call = call;
    this.servesOn = servesOn;
  }

  @Override
  public boolean outlivesCalls() {
    return false;
  }

  @Override
  public Lease lend(PeerSettings wanted) {
    return lease(wanted, () -> {});
  }

  /** Where nothing can be written in the home that is wanted, the peer gets a temporary one. */
  @Override
  public Lease lend(PeerSettings wanted, Wanted wantedIn) {
    try {
      return lend(wanted);
    } catch (StorageException e) {
      if (!(e.getCause() instanceof IOException)) {
        throw e; // it can be used, but by somebody else at the moment
      }
      say(e.getMessage() + " A temporary one is used for this call.");
    }
    TemporaryHome home = TemporaryHome.create();
    boolean lent = false;
    try {
      Lease lease = lease(wantedIn.in(home.directory(), builder -> {}), home::close);
      lent = true;
      return lease;
    } finally {
      if (!lent) {
        home.close();
      }
    }
  }

  private void say(String line) {
    try {
      call.err()
          .write(("dfget: " + Commands.oneLine(line) + "\n").getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      // nobody reads it; the file comes all the same
    }
  }

  private Lease lease(PeerSettings wanted, Runnable closed) {
    DistributionClient client = new DistributionClient(wanted.client());
    Duration serving = servesOn ? wanted.aliveTime().orElse(Duration.ZERO) : Duration.ZERO;
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
        closed.run();
      }
    };
  }
}
