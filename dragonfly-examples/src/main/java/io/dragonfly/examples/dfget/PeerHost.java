package io.dragonfly.examples.dfget;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.error.DistributionException;
import io.dragonfly.examples.command.LogOptions;
import java.nio.file.Path;
import java.util.function.Consumer;

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

  /**
   * Lends the peer to one call, or one with another home where nothing can be written in the home
   * that is wanted. A peer that is there before the call has a home that can.
   *
   * @param wantedIn what the call says about the peer, with another home
   * @throws IllegalArgumentException as {@link #lend(PeerSettings)}
   * @throws DistributionException as {@link #lend(PeerSettings)}
   */
  default Lease lend(PeerSettings wanted, Wanted wantedIn) {
    return lend(wanted);
  }

  /** Tells how a call wants its peer to log; a peer that was there before logs as it does. */
  default void logWith(LogOptions options) {}

  /** Tells whether the peer is there before a call, and after it. */
  boolean outlivesCalls();

  /** What a call says about the peer, with another home. */
  interface Wanted {
    /**
     * Returns the settings.
     *
     * @param more adds what no option says
     */
    PeerSettings in(Path home, Consumer<ClientConfig.Builder> more);
  }

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
