package io.dragonfly.transport.http.internal.tls;

import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.CRL;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.PKIXRevocationChecker;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * What one side proves itself with and whom it trusts, as Netty and OkHttp want it. Immutable.
 *
 * @param identity the own certificate with its key, if there is one
 * @param trust says who is trusted; empty for nobody
 */
record Credentials(Optional<Identity> identity, Optional<X509TrustManager> trust) {
  private static final String[] PROTOCOLS = {"TLSv1.3", "TLSv1.2"};

  /**
   * A certificate and its key. Has no text of its own: that would hold the key.
   *
   * @param key the key
   * @param chain the certificate, followed by those above it
   */
  record Identity(PrivateKey key, List<X509Certificate> chain) {
    X509Certificate[] array() {
      return chain.toArray(X509Certificate[]::new);
    }

    @Override
    public String toString() {
      return "the key of " + Fingerprint.of(chain.get(0));
    }
  }

  /**
   * Trusts those whom these have signed; as servers only those of them that are peers.
   *
   * @param revocations the authorities' lists of those whom nobody is to trust any more: each
   *     authority must have one; empty if there are no lists
   */
  static X509TrustManager signedBy(List<X509Certificate> authorities, List<CRL> revocations)
      throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    for (int i = 0; i < authorities.size(); i++) {
      store.setCertificateEntry("ca-" + i, authorities.get(i));
    }
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    if (revocations.isEmpty()) {
      factory.init(store);
    } else {
      PKIXBuilderParameters rules = new PKIXBuilderParameters(store, new X509CertSelector());
      PKIXRevocationChecker checker =
          (PKIXRevocationChecker) CertPathBuilder.getInstance("PKIX").getRevocationChecker();
      // The lists alone: nobody on the network is asked.
      checker.setOptions(
          EnumSet.of(
              PKIXRevocationChecker.Option.PREFER_CRLS, PKIXRevocationChecker.Option.NO_FALLBACK));
      rules.addCertPathChecker(checker);
      rules.addCertStore(
          CertStore.getInstance("Collection", new CollectionCertStoreParameters(revocations)));
      factory.init(new CertPathTrustManagerParameters(rules));
    }
    return Arrays.stream(factory.getTrustManagers())
        .filter(X509ExtendedTrustManager.class::isInstance)
        .map(X509ExtendedTrustManager.class::cast)
        .map(RoleTrust::new)
        .findFirst()
        .orElseThrow(() -> new GeneralSecurityException("no X.509 trust manager"));
  }

  /** Returns what a server needs; where somebody is trusted, nobody else may connect. */
  SslContext forServer() throws IOException {
    Identity own = identity.orElseThrow();
    SslContextBuilder builder =
        SslContextBuilder.forServer(own.key(), own.array()).protocols(PROTOCOLS);
    trust.ifPresent(each -> builder.trustManager(each).clientAuth(ClientAuth.REQUIRE));
    return builder.build();
  }

  /**
   * Returns what a client needs over Netty.
   *
   * @param checksNames whether what it connects to must be named in the certificate
   */
  SslContext forClient(boolean checksNames) throws IOException {
    SslContextBuilder builder =
        SslContextBuilder.forClient()
            .protocols(PROTOCOLS)
            .endpointIdentificationAlgorithm(checksNames ? "HTTPS" : null)
            .trustManager(trust.orElseThrow());
    identity.ifPresent(own -> builder.keyManager(own.key(), own.array()));
    return builder.build();
  }

  /** Returns what a client needs over the sockets of the JDK; names are its business. */
  SSLContext forSockets() throws IOException {
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(keyManagers(), new TrustManager[] {trust.orElseThrow()}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException("TLS cannot be set up: " + e.getMessage(), e);
    }
  }

  private KeyManager[] keyManagers() throws GeneralSecurityException, IOException {
    if (identity.isEmpty()) {
      return new KeyManager[0];
    }
    char[] none = new char[0]; // the store never leaves memory
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    Identity own = identity.get();
    store.setKeyEntry("own", own.key(), none, own.chain().toArray(Certificate[]::new));
    KeyManagerFactory factory =
        KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    factory.init(store, none);
    return factory.getKeyManagers();
  }
}
