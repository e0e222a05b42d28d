package io.dragonfly.transport.http;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import okhttp3.tls.HeldCertificate;

/** Signs certificates for tests, and writes them to files as an operator does. */
public final class TestCa {
  private final HeldCertificate authority =
      new HeldCertificate.Builder().ecdsa256().certificateAuthority(0).commonName("ca").build();

  /** PEM files of one host. */
  public record PemFiles(Path cert, Path key, Path ca) {}

  /** Writes a new certificate for these names or addresses, its key, and the authority. */
  public PemFiles write(Path dir, String... names) throws IOException {
    Files.createDirectories(dir);
    HeldCertificate.Builder builder =
        new HeldCertificate.Builder().ecdsa256().commonName(names[0]).signedBy(authority);
    for (String name : names) {
      builder.addSubjectAlternativeName(name);
    }
    HeldCertificate host = builder.build();
    PemFiles files =
        new PemFiles(dir.resolve("cert.pem"), dir.resolve("key.pem"), dir.resolve("ca.pem"));
    Files.writeString(files.cert(), host.certificatePem());
    Files.writeString(files.key(), host.privateKeyPkcs8Pem());
    Files.writeString(files.ca(), authority.certificatePem());
    return files;
  }
}
