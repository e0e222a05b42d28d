package io.dragonfly.examples.dfget;

import io.dragonfly.DistributionClient;
import io.dragonfly.error.DistributionException;

/** Where a call's peer lives: in the process of the command, or in a server that outlives it. */
public interface PeerHost {
  /**
   * Lends the peer to one call.
   *
   * @param wanted what the call says about the peer
   * @throws IllegalArgumentException if the peer that runs differs from what is wanted; the message
   *     names the setting and the process
   * @throws DistributionException if the peer cannot be started
   */
  Lease lend(PeerSettings wanted);

  /** Tells whether the peer is there before a call, and after it. */
  boolean outlivesCalls();

  /** A peer that is lent, until it is closed. Safe for concurrent use. */
  interface Lease extends AutoCloseable {
    /** Returns the peer. */
    DistributionClient client();

    /** Returns the fetches that calls of the peer wait for. */
    RunningFetches running();

    /**
     * Waits while the peer should serve others although the fetch has ended, but no longer than
     * until it is given back. A peer that outlives the call needs no waiting.
     */
    void serveOn() throws InterruptedException;

    /** Gives the peer back. Safe to call twice. */
    @Override
    void close();
  }
}
