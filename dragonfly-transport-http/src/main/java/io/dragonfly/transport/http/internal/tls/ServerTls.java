package io.dragonfly.transport.http.internal.tls;

import io.netty.handler.ssl.SslContext;
import java.io.IOException;

/** How a server protects its connections. Safe for concurrent use. */
public interface ServerTls {
  /** Tells whether each connection must be protected, from wherever it comes. */
  boolean isRequired();

  /**
   * Returns what a connection that has just come in is protected with.
   *
   * @throws IOException if TLS cannot be set up
   */
  SslContext context() throws IOException;

  /**
   * Returns the fingerprint of the server's own certificate.
   *
   * @throws IOException if it cannot be read or made
   */
  String fingerprint() throws IOException;
}
