package io.dragonfly.transport.http.internal.server;

import io.dragonfly.spi.CallOrigin;
import io.dragonfly.transport.http.internal.tls.Fingerprint;
import io.dragonfly.transport.http.internal.tls.UntrustedException;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

/** What a connection itself says of the calls that come over it. */
final class Origins {
  private Origins() {}

  /**
   * Returns where the calls on a connection come from. A handshake is over by then.
   *
   * @param client the address of the client, which need not be that of the connection: there may be
   *     a proxy in between
   */
  static CallOrigin of(SocketChannel channel, InetAddress client) {
    SslHandler tls = channel.pipeline().get(SslHandler.class);
    if (tls == null) {
      return CallOrigin.plain(client);
    }
    SSLSession session = tls.engine().getSession();
    return new CallOrigin(client, hasCertificate(session), shown(session));
  }

  /** The handshake fails with one that is not trusted. */
  private static boolean hasCertificate(SSLSession session) {
    try {
      return session.getPeerCertificates().length > 0;
    } catch (SSLPeerUnverifiedException e) {
      return false;
    }
  }

  /** Returns the subject of the certificate that a client has shown; empty if it has not. */
  static String subject(SSLSession session) {
    try {
      return session.getPeerCertificates()[0] instanceof X509Certificate shown
          ? shown.getSubjectX500Principal().getName()
          : "";
    } catch (SSLPeerUnverifiedException e) {
      return "";
    }
  }

  /** Tells whether a handshake failed since the client showed no certificate that is trusted. */
  static boolean isWithoutTrust(Throwable failure) {
    return UntrustedException.isCauseOf(failure)
        || (failure.getCause() instanceof SSLHandshakeException handshake
            && String.valueOf(handshake.getMessage()).contains("client certificate"));
  }

  private static String shown(SSLSession session) {
    Certificate[] own = session.getLocalCertificates();
    return own == null || own.length == 0 ? "" : Fingerprint.of(own[0]);
  }
}
