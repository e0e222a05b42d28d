package io.dragonfly.transport.http.internal.tls;

import java.io.IOException;
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
   */
  record Sockets(SSLSocketFactory factory, X509TrustManager trust, boolean checksNames) {}
}
