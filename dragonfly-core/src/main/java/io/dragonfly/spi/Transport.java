package io.dragonfly.spi;

import io.dragonfly.control.SupernodeApi;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * Carries pieces and control calls between processes. Safe for concurrent use; see {@code
 * TransportContract}. It decides nothing: who gets what is the business of its callers.
 */
public interface Transport extends AutoCloseable {
  /**
   * Starts to serve.
   *
   * @throws IOException if the address cannot be bound
   * @throws IllegalStateException if this transport is closed
   */
  Server serve(ServeRequest request) throws IOException;

  /**
   * Makes the client side of a supernode. Connects when it is used, not now; is released with this
   * transport.
   *
   * @param local the address to call from; the any-local address leaves it to the system
   */
  SupernodeApi connect(InetSocketAddress supernode, InetAddress local);

  /**
   * Starts to take bytes from a parent. Returns at once; the sink is told what happens.
   *
   * @throws IllegalStateException if this transport is closed
   */
  Take take(PieceRequest request, PieceSink sink);

  /**
   * Ends all servers, takes and calls, and waits until their threads and sockets are gone. Sinks
   * are told {@link io.dragonfly.control.Outcome#UNREACHABLE}; calls fail with {@link
   * io.dragonfly.error.SupernodeUnreachableException}, now and later. Safe to call twice.
   */
  @Override
  void close();

  /** A running server. */
  interface Server extends AutoCloseable {
    /** Returns the address that it is bound to, with the port that the system chose. */
    InetSocketAddress address();

    /**
     * Returns the fingerprint of the certificate by which those who take pieces are to know this
     * server, {@code sha256:} and 64 hexadecimal digits; empty if they need none. It may change
     * while the server runs.
     */
    default String certificate() {
      return "";
    }

    /** Stops to listen and ends its connections. Safe to call twice. */
    @Override
    void close();
  }

  /** A running take. All methods may be called from any thread, also from the sink's methods. */
  interface Take {
    /** Stops reading from the network soon: a few more bytes may still come. */
    void pause();

    /** Goes on after {@link #pause}. */
    void resume();

    /** Ends the take. The sink may still be in a call, but gets no new one. */
    void cancel();
  }
}
