package io.dragonfly.transport.http.internal.tls;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.util.HexFormat;

/** A certificate's short name: {@code sha256:} and the SHA-256 of all of it. */
public final class Fingerprint {
  private Fingerprint() {}

  /** Returns the name of a certificate. */
  public static String of(Certificate certificate) {
    try {
      return of(certificate.getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a certificate has no fingerprint", e);
    }
  }

  /**
   * Returns the name of a certificate authority, from its key alone: so it stays the same when the
   * authority's own certificate is renewed.
   */
  public static String ofAuthority(Certificate certificate) {
    try {
      return "authority-" + of(certificate.getPublicKey().getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("a certificate authority has no fingerprint", e);
    }
  }

  private static String of(byte[] encoded) throws GeneralSecurityException {
    MessageDigest sha = MessageDigest.getInstance("SHA-256");
    return "sha256:" + HexFormat.of().formatHex(sha.digest(encoded));
  }
}
