package io.dragonfly.transport.http.internal.tls;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.spi.TransportConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CRL;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.X509TrustManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Credentials in PEM files that somebody else renews. What has changed holds for new connections
 * after the next look at the files. Files that do not fit together, such as those that are just
 * being replaced, change nothing, and are read at each look until they do. Safe for concurrent use.
 */
final class TlsFiles {
  private static final Logger LOG = LoggerFactory.getLogger(TlsFiles.class);

  private final TransportConfig config;

  @GuardedBy("this")
  private List<Object> stamp;

  /** Event loops read this: they must not wait for the disk, nor for a look. */
  private volatile Loaded loaded;

  /** Why the files could not be used last; empty if they could. */
  @GuardedBy("this")
  private String failure = "";

  /**
   * Reads the files.
   *
   * @throws IOException if they cannot be used; the message names one
   */
  TlsFiles(TransportConfig config) throws IOException {
    this.config = config;
    this.stamp = stamp();
    this.loaded = new Loaded(load());
  }

  /**
   * Returns what was in the files at the last look that could use them. The same object as before
   * if nothing has changed. Does not block.
   */
  Loaded current() {
    return loaded;
  }

  /** Looks whether the files have changed, and reads them if so. Waits for the disk. */
  synchronized void look() {
    List<Object> now = stamp();
    if (!now.equals(stamp)) {
      // An owner or a mode may be what is wrong, and that is in no stamp: look until it is right.
      stamp = reload() ? now : List.of();
    }
  }

  @GuardedBy("this")
  private boolean reload() {
    try {
      loaded = new Loaded(load());
      failure = "";
      LOG.info("TLS files were read again: {} have changed", names());
      return true;
    } catch (IOException | RuntimeException e) { // whatever it is, the next look may do better
      String why = String.valueOf(e.getMessage());
      if (!why.equals(failure)) {
        LOG.warn("TLS goes on with what was read before: {}", why);
        failure = why;
      }
      return false;
    }
  }

  private Stream<Path> files() {
    return Stream.of(config.tlsCert(), config.tlsKey(), config.tlsCa(), config.crl())
        .flatMap(Optional::stream);
  }

  private String names() {
    return String.join(", ", files().map(Path::toString).toList());
  }

  private List<Object> stamp() {
    List<Object> all = new ArrayList<>();
    files().forEach(file -> all.add(stamp(file)));
    return all;
  }

  private static Object stamp(Path file) {
    try {
      BasicFileAttributes now = Files.readAttributes(file, BasicFileAttributes.class);
      return List.of(now.size(), now.lastModifiedTime(), String.valueOf(now.fileKey()));
    } catch (IOException e) {
      return "unreadable";
    }
  }

  private Credentials load() throws IOException {
    Optional<Credentials.Identity> identity = Optional.empty();
    if (config.tlsCert().isPresent()) {
      identity = Optional.of(identity(config.tlsCert().get(), config.tlsKey().orElseThrow()));
    }
    Optional<X509TrustManager> trust = Optional.empty();
    if (config.tlsCa().isPresent()) {
      try {
        trust =
            Optional.of(
                Credentials.signedBy(Pem.certificates(config.tlsCa().get()), revocations()));
      } catch (GeneralSecurityException e) {
        throw new IOException("%s cannot be used: %s".formatted(config.tlsCa().get(), e), e);
      }
    }
    return new Credentials(identity, trust);
  }

  private List<CRL> revocations() throws IOException {
    if (config.crl().isEmpty()) {
      return List.of();
    }
    List<CRL> lists = Pem.revocations(config.crl().get());
    for (CRL list : lists) {
      if (list instanceof X509CRL known
          && known.getNextUpdate() != null
          && known.getNextUpdate().toInstant().isBefore(Instant.now())) {
        LOG.warn(
            "{}: the revocation list of {} was to be replaced at {}: nobody whom that authority has"
                + " signed is trusted before it is",
            config.crl().get(),
            known.getIssuerX500Principal(),
            known.getNextUpdate().toInstant());
      }
    }
    return lists;
  }

  /**
   * Reads a certificate and its key.
   *
   * @throws IOException if they cannot be read or do not belong together
   */
  static Credentials.Identity identity(Path certificate, Path key) throws IOException {
    List<X509Certificate> chain = Pem.certificates(certificate);
    PrivateKey secret = Pem.key(key);
    if (!belongsTo(chain.get(0), secret)) {
      throw new IOException("%s is not the key of %s".formatted(key, certificate));
    }
    return new Credentials.Identity(secret, chain);
  }

  private static boolean belongsTo(X509Certificate certificate, PrivateKey key) {
    try {
      String name =
          switch (key.getAlgorithm()) {
            case "EC" -> "SHA256withECDSA";
            case "RSA" -> "SHA256withRSA";
            default -> key.getAlgorithm();
          };
      byte[] text = {1, 2, 3};
      Signature signature = Signature.getInstance(name);
      signature.initSign(key);
      signature.update(text);
      byte[] signed = signature.sign();
      signature.initVerify(certificate.getPublicKey());
      signature.update(text);
      return signature.verify(signed);
    } catch (GeneralSecurityException e) {
      return false;
    }
  }
}
