package io.dragonfly.transport.http.internal.server;

import io.dragonfly.spi.CallOrigin;
import io.dragonfly.transport.http.internal.tls.Fingerprint;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslHandler;
import java.net.InetAddress;
import java.security.cert.Certificate;
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

  private static String shown(SSLSession session) {
    Certificate[] own = session.getLocalCertificates();
    return own == null || own.length == 0 ? "" : Fingerprint.of(own[0]);
  }
}
