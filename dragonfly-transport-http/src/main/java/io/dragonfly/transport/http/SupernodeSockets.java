package io.dragonfly.transport.http;

import io.dragonfly.spi.TransportConfig;
import io.dragonfly.transport.http.internal.tls.CallTls;
import io.dragonfly.transport.http.internal.tls.OwnCertificate;
import io.dragonfly.transport.http.internal.tls.TransportTls;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocketFactory;

/**
 * How a supernode is called over TLS by those who call it without this library's transport, such as
 * an operator's tool: its certificate is checked as the transport does it. Safe for concurrent use.
 */
public final class SupernodeSockets {
  private final SSLSocketFactory factory;
  private final boolean checksNames;
  private final CallTls.Acquaintance acquaintance;

  private SupernodeSockets(CallTls.Sockets sockets) {
    this.factory = sockets.factory();
    this.checksNames = sockets.checksNames();
    this.acquaintance = sockets.acquaintance();
  }

  /**
   * Returns how a supernode is called.
   *
   * @throws IllegalArgumentException if a file that the settings name cannot be used
   */
  public static SupernodeSockets of(TransportConfig config, InetSocketAddress supernode) {
    try {
      return new SupernodeSockets(
          TransportTls.of(config, System::nanoTime).forCalls(supernode).current());
    } catch (IOException e) {
      throw new IllegalArgumentException(String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Says that a handshake is over, before anything else goes over its connection: a supernode that
   * is met for the first time is remembered then.
   *
   * @throws SSLException if it is known by another certificate, or cannot be remembered; the
   *     message says what to do
   */
  public void connected(SSLSession session) throws SSLException {
    acquaintance.made(session.getPeerCertificates()[0]);
  }

  /**
   * Returns the fingerprint of the certificate that a supernode has made for itself in its home.
   *
   * @param home the supernode's home
   * @return {@code sha256:} and 64 hexadecimal digits
   * @throws IOException if there is none, or it cannot be read; the message names the file
   */
  public static String fingerprintIn(Path home) throws IOException {
    return OwnCertificate.fingerprintIn(home);
  }

  /** Returns what makes the connections; a handshake with anybody else fails. */
  public SSLSocketFactory factory() {
    return factory;
  }

  /**
   * Tells whether the caller must check, too, that the supernode's name is in its certificate; else
   * the certificate itself is known.
   */
  public boolean checksNames() {
    return checksNames;
  }
}
