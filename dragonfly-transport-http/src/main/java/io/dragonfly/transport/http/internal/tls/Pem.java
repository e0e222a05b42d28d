package io.dragonfly.transport.http.internal.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.cert.CRL;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads certificates and keys from PEM. No message repeats what stands in a key's file. */
final class Pem {
  private static final Pattern KEY =
      Pattern.compile("-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\\s]+)-----END PRIVATE KEY-----");

  private Pem() {}

  /**
   * Returns the certificates in a file, at least one.
   *
   * @throws IOException if it cannot be read or has none; the message names it
   */
  static List<X509Certificate> certificates(Path file) throws IOException {
    try (var in = new ByteArrayInputStream(Files.readAllBytes(file))) {
      List<X509Certificate> all =
          CertificateFactory.getInstance("X.509").generateCertificates(in).stream()
              .map(X509Certificate.class::cast)
              .toList();
      if (!all.isEmpty()) {
        return all;
      }
    } catch (IOException e) {
      throw new IOException("%s cannot be read: %s".formatted(file, e), e);
    } catch (GeneralSecurityException e) {
      throw new IOException("%s has no certificate in PEM form".formatted(file), e);
    }
    throw new IOException("%s has no certificate in PEM form".formatted(file));
  }

  /**
   * Returns the revocation lists in a file in PEM or DER, at least one.
   *
   * @throws IOException if it cannot be read or has none; the message names it
   */
  static List<CRL> revocations(Path file) throws IOException {
    try (var in = new ByteArrayInputStream(Files.readAllBytes(file))) {
      List<CRL> all = List.copyOf(CertificateFactory.getInstance("X.509").generateCRLs(in));
      if (!all.isEmpty()) {
        return all;
      }
    } catch (IOException e) {
      throw new IOException("%s cannot be read: %s".formatted(file, e), e);
    } catch (GeneralSecurityException e) {
      throw new IOException("%s has no revocation list in PEM or DER form".formatted(file), e);
    }
    throw new IOException("%s has no revocation list in PEM or DER form".formatted(file));
  }

  /**
   * Returns the key in a file.
   *
   * @throws IOException if it cannot be read or has none; the message names it
   */
  static PrivateKey key(Path file) throws IOException {
    String text;
    try {
      text = Files.readString(file, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      throw new IOException("%s cannot be read: %s".formatted(file, e), e);
    }
    Matcher key = KEY.matcher(text);
    if (!key.find()) {
      throw noKey(file);
    }
    PKCS8EncodedKeySpec spec;
    try {
      spec = new PKCS8EncodedKeySpec(Base64.getMimeDecoder().decode(key.group(1)));
    } catch (IllegalArgumentException e) {
      throw noKey(file); // what is cut off is no base64
    }
    for (String algorithm : List.of("EC", "RSA", "EdDSA")) {
      try {
        return KeyFactory.getInstance(algorithm).generatePrivate(spec);
      } catch (InvalidKeySpecException e) {
        // It is of another kind.
      } catch (GeneralSecurityException e) {
        throw new IOException("this Java runtime has no keys of kind " + algorithm, e);
      }
    }
    throw noKey(file);
  }

  private static IOException noKey(Path file) {
    return new IOException(
        ("%s has no key that can be used: it must be PKCS #8 in PEM form (BEGIN PRIVATE KEY), not"
                + " encrypted; make it so with openssl pkcs8 -topk8 -nodes")
            .formatted(file));
  }
}
