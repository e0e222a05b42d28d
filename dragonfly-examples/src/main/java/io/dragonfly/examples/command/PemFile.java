package io.dragonfly.examples.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;

/** Files with certificates that options name. */
public final class PemFile {
  private PemFile() {}

  /**
   * Returns a file's text, if it has certificates: a mistake should be seen at the start, and not
   * when the first connection fails.
   *
   * @param option who names it, for the message
   * @throws IllegalArgumentException if there is none in it, or one that cannot be read
   */
  public static String check(String option, Object file, String text) {
    try {
      CertificateFactory factory = CertificateFactory.getInstance("X.509");
      if (factory.generateCertificates(new ByteArrayInputStream(text.getBytes(UTF_8))).isEmpty()) {
        throw new CertificateException("there is none in it");
      }
      return text;
    } catch (CertificateException e) {
      throw new IllegalArgumentException(
          "%s: %s has no certificate in PEM (-----BEGIN CERTIFICATE-----) that can be read"
              .formatted(option, file),
          e);
    }
  }
}
