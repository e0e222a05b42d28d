package io.dragonfly.transport.http.internal.tls;

import java.io.IOException;
import java.security.cert.Certificate;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.X509TrustManager;

/** How calls to one supernode are protected. Safe for concurrent use. */
public interface CallTls {
  /**
   * Returns what new connections are made with: the same object as before if nothing has changed.
   *
   * @throws IOException if TLS cannot be set up
   */
  Sockets current() throws IOException;

  /**
   * Makes and checks connections.
   *
   * @param factory makes them
   * @param trust says who is trusted
   * @param checksNames whether the host's name must be in the certificate; else the certificate
   *     itself is known
   * @param acquaintance is to be told of each connection, before the first call goes over it
   */
  record Sockets(
      SSLSocketFactory factory,
      X509TrustManager trust,
      boolean checksNames,
      Acquaintance acquaintance) {}

  /** Remembers a supernode that was not known. */
  interface Acquaintance {
    /** Remembers nobody. */
    Acquaintance NONE = shown -> {};

    /**
     * A handshake is over: the supernode has proved that the certificate is its own.
     *
     * @throws SSLException if it is known by another one, or cannot be remembered; the message says
     *     what to do
     */
    void made(Certificate shown) throws SSLException;
  }
}
