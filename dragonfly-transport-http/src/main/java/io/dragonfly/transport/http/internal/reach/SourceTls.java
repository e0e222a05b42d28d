package io.dragonfly.transport.http.internal.reach;

import io.dragonfly.error.SourceFailedException;
import io.dragonfly.task.Trust;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.SecureRandom;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How https connections are made and checked under one {@link Trust}. Immutable.
 *
 * @param socketFactory makes the connections
 * @param trustManager says which certificates are trusted
 * @param verifier says which host names are right; empty for the usual one
 */
public record SourceTls(
    SSLSocketFactory socketFactory,
    X509TrustManager trustManager,
    Optional<HostnameVerifier> verifier) {

  private static final Logger LOG = LoggerFactory.getLogger(SourceTls.class);

  /** One for all, since connections are shared by those who verify in the same way. */
  private static final HostnameVerifier ANY_NAME = (host, session) -> true;

  /**
   * The connections under this trust.
   *
   * @throws SourceFailedException if a CA certificate cannot be read
   */
  public static SourceTls of(Trust trust) {
    if (trust.insecure()) {
      LOG.warn(
          "certificates of sources are not checked, as a request wants it (insecure): whoever is on"
              + " the way can read its credentials and change what it gets");
    }
    try {
      X509TrustManager manager =
          trust.insecure()
              ? TrustEverything.INSTANCE
              : trusting(trust.caCertificates().stream().flatMap(SourceTls::read).toList());
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {manager}, new SecureRandom());
      return new SourceTls(
          context.getSocketFactory(),
          manager,
          trust.insecure() ? Optional.of(ANY_NAME) : Optional.empty());
    } catch (GeneralSecurityException | IOException e) {
      throw new SourceFailedException("TLS cannot be set up: " + e.getMessage(), e);
    }
  }

  /** Trusts these beside the platform's own. */
  private static X509TrustManager trusting(List<X509Certificate> more)
      throws GeneralSecurityException, IOException {
    X509TrustManager platform = managerOver(null);
    KeyStore all = KeyStore.getInstance(KeyStore.getDefaultType());
    all.load(null, null);
    int number = 0;
    for (X509Certificate certificate : platform.getAcceptedIssuers()) {
      all.setCertificateEntry("ca-" + number++, certificate);
    }
    for (X509Certificate certificate : more) {
      all.setCertificateEntry("ca-" + number++, certificate);
    }
    return managerOver(all);
  }

  private static X509TrustManager managerOver(@Nullable KeyStore store)
      throws GeneralSecurityException {
    TrustManagerFactory factory =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    return Arrays.stream(factory.getTrustManagers())
        .filter(X509TrustManager.class::isInstance)
        .map(X509TrustManager.class::cast)
        .findFirst()
        .orElseThrow(() -> new GeneralSecurityException("no X.509 trust manager"));
  }

  private static Stream<X509Certificate> read(String pem) {
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      byte[] bytes = pem.getBytes(StandardCharsets.US_ASCII);
      List<? extends Certificate> certificates =
          List.copyOf(factory.generateCertificates(new ByteArrayInputStream(bytes)));
      if (certificates.isEmpty()) {
        throw new GeneralSecurityException("there is none in it");
      }
      return certificates.stream().map(X509Certificate.class::cast);
    } catch (GeneralSecurityException e) {
      throw new SourceFailedException(
          "a CA certificate that was given cannot be read (%s): give PEM".formatted(e.getMessage()),
          e);
    }
  }
}
