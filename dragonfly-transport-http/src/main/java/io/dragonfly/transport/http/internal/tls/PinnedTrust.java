package io.dragonfly.transport.http.internal.tls;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Objects;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Trusts a server by its own certificate alone, whoever signed it and whatever names are in it; no
 * client at all.
 */
final class PinnedTrust extends X509ExtendedTrustManager {
  private final Check check;

  /** Says whether a certificate is the right one. */
  interface Check {
    /**
     * Checks a certificate.
     *
     * @param fingerprint the one that was shown
     * @param name what the connection was made to, as who made it says; empty if he does not
     */
    void accept(String fingerprint, String name) throws UntrustedException;
  }

  PinnedTrust(Check check) {
    this.check = check;
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    check.accept(Fingerprint.of(chain[0]), "");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    checkServerTrusted(chain, authType);
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    check.accept(Fingerprint.of(chain[0]), Objects.requireNonNullElse(engine.getPeerHost(), ""));
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType)
      throws CertificateException {
    throw new CertificateException("no client is known by its certificate");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
      throws CertificateException {
    checkClientTrusted(chain, authType);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
      throws CertificateException {
    checkClientTrusted(chain, authType);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return new X509Certificate[0];
  }
}
