package io.dragonfly.transport.http.internal.tls;

import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import javax.net.ssl.SSLSession;

/** How a server protects its connections. Safe for concurrent use. */
public interface ServerTls {
  /** Tells whether each connection must be protected, from wherever it comes. */
  boolean isRequired();

  /** Tells whether a connection must be protected over which pieces are given. */
  boolean protectsPieces();

  /**
   * Returns what a connection that has just come in is protected with.
   *
   * @throws IOException if TLS cannot be set up
   */
  SslContext context() throws IOException;

  /**
   * Returns what a client may do who has shown a certificate; empty if clients need not show one.
   * The certificate is checked again if the files have changed since.
   *
   * @param session the session of the client's connection
   * @throws UntrustedException if the certificate is not trusted any more
   * @throws IOException if the client has shown none
   */
  Optional<Set<Role>> roles(SSLSession session) throws IOException, UntrustedException;

  /**
   * Returns the fingerprint of the server's own certificate.
   *
   * @throws IOException if it cannot be read or made
   */
  String fingerprint() throws IOException;
}
