package io.dragonfly.transport.http.internal.tls;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Set;
import java.util.stream.Collectors;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts those whom an authority has signed, and as a server only one whose certificate has the
 * role of a peer, as supernodes have it, too: a certificate that is good for metrics alone must not
 * be a supernode or a parent, even if it names the host. What a client may do depends on its
 * requests, so each role is a client. Safe for concurrent use.
 */
final class RoleTrust extends X509ExtendedTrustManager {
  private final X509ExtendedTrustManager authority;

  RoleTrust(X509ExtendedTrustManager authority) {
    this.authority = authority;
  }

  private static void checkRole(X509Certificate server) throws UntrustedException {
    Set<Role> roles = Role.of(server);
    if (!roles.contains(Role.PEER)) {
      String others = roles.stream().map(Role::unit).collect(Collectors.joining(" and OU="));
      throw new UntrustedException(
          ("its certificate %s: the certificate of a supernode or a peer has OU=%s, or no role."
                  + " Have the authority sign such a certificate for it")
              .formatted(
                  others.isEmpty() ? "has a subject that cannot be read" : "has only OU=" + others,
                  Role.PEER.unit()),
          null);
    }
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    authority.checkServerTrusted(chain, authType);
    checkRole(chain[0]);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    authority.checkServerTrusted(chain, authType, socket);
    checkRole(chain[0]);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    authority.checkServerTrusted(chain, authType, engine);
    checkRole(chain[0]);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    authority.checkClientTrusted(chain, authType);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    authority.checkClientTrusted(chain, authType, socket);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    authority.checkClientTrusted(chain, authType, engine);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return authority.getAcceptedIssuers();
  }
}
