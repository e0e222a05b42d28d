package io.dragonfly.transport.http.internal.tls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import okhttp3.tls.HeldCertificate;

/**
 * The certificate that a supernode or a peer makes for itself when it first needs one, and keeps in
 * its home. Nobody signs it and it names no host: others know it by its fingerprint.
 */
public final class OwnCertificate {
  private static final String CERTIFICATE = "tls-cert.pem";
  private static final String KEY = "tls-key.pem";

  /** As good as never: who knows it by its fingerprint gains nothing by another one. */
  private static final long DAYS = 100L * 365;

  private OwnCertificate() {}

  /**
   * Reads it, or makes it; without a home it is made anew.
   *
   * @throws IOException if the files cannot be read or made; the message names them
   */
  static Credentials.Identity in(Optional<Path> home) throws IOException {
    if (home.isEmpty()) {
      HeldCertificate made = make();
      return new Credentials.Identity(made.keyPair().getPrivate(), List.of(made.certificate()));
    }
    Path certificate = home.get().resolve(CERTIFICATE);
    Path key = home.get().resolve(KEY);
    if (!Files.exists(certificate)) {
      HeldCertificate made = make();
      PrivateFiles.replace(key, made.privateKeyPkcs8Pem());
      PrivateFiles.replace(certificate, made.certificatePem()); // last: with it the pair is whole
    }
    return TlsFiles.identity(certificate, key);
  }

  /**
   * Returns the fingerprint of the certificate in a supernode's home.
   *
   * @throws IOException if there is none, or it cannot be read; the message names the file
   */
  public static String fingerprintIn(Path home) throws IOException {
    return Fingerprint.of(Pem.certificates(home.resolve(CERTIFICATE)).get(0));
  }

  private static HeldCertificate make() {
    return new HeldCertificate.Builder()
        .ecdsa256()
        .commonName("dragonfly")
        .duration(DAYS, TimeUnit.DAYS)
        .build();
  }
}
