package io.dragonfly.transport.http;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SSLSocketFactory;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;

/** Signs certificates for tests, revokes them, and writes them to files as an operator does. */
public final class TestCa {
  private static final int SEQUENCE = 0x30;
  private static final int INTEGER = 0x02;
  private static final int BIT_STRING = 0x03;
  private static final int UTC_TIME = 0x17;
  private static final byte[] ECDSA_WITH_SHA256 =
      HexFormat.of().parseHex("300a06082a8648ce3d040302");

  private final AtomicLong serials = new AtomicLong(1000);
  private final HeldCertificate authority =
      new HeldCertificate.Builder().ecdsa256().certificateAuthority(0).commonName("ca").build();

  /** PEM files of one host. */
  public record PemFiles(Path cert, Path key, Path ca) {}

  /** Writes a new certificate for these names or addresses, its key, and the authority. */
  public PemFiles write(Path dir, String... names) throws IOException {
    return write(dir, issue("", names));
  }

  /** Writes a certificate, its key, and the authority. */
  public PemFiles write(Path dir, HeldCertificate host) throws IOException {
    Files.createDirectories(dir);
    PemFiles files =
        new PemFiles(dir.resolve("cert.pem"), dir.resolve("key.pem"), dir.resolve("ca.pem"));
    Files.writeString(files.cert(), host.certificatePem());
    Files.writeString(files.key(), host.privateKeyPkcs8Pem());
    Files.writeString(files.ca(), authority.certificatePem());
    return files;
  }

  /**
   * Makes a certificate for these names or addresses.
   *
   * @param unit an organizational unit; none if it is empty
   */
  public HeldCertificate issue(String unit, String... names) {
    HeldCertificate.Builder builder =
        new HeldCertificate.Builder()
            .ecdsa256()
            .serialNumber(serials.incrementAndGet())
            .commonName(names[0])
            .signedBy(authority);
    if (!unit.isEmpty()) {
      builder.organizationalUnit(unit);
    }
    for (String name : names) {
      builder.addSubjectAlternativeName(name);
    }
    return builder.build();
  }

  /** Makes a certificate that ended a minute ago. */
  public HeldCertificate issueExpired(String name) {
    long now = System.currentTimeMillis();
    return new HeldCertificate.Builder()
        .ecdsa256()
        .serialNumber(serials.incrementAndGet())
        .commonName(name)
        .validityInterval(now - 120_000, now - 60_000)
        .signedBy(authority)
        .build();
  }

  /** Returns what connects with a certificate. */
  public SSLSocketFactory sockets(HeldCertificate host) {
    return new HandshakeCertificates.Builder()
        .heldCertificate(host)
        .addTrustedCertificate(authority.certificate())
        .build()
        .sslSocketFactory();
  }

  /** Writes the authority's revocation list, in PEM. */
  public Path revoke(Path file, X509Certificate... revoked) throws Exception {
    String letters = Base64.getMimeEncoder().encodeToString(list(Duration.ofDays(1), revoked));
    return Files.writeString(
        file, "-----BEGIN X509 CRL-----\n" + letters + "\n-----END X509 CRL-----\n");
  }

  /**
   * Makes the authority's revocation list, in DER.
   *
   * @param next when it is to be replaced
   */
  public byte[] list(Duration next, X509Certificate... revoked) throws GeneralSecurityException {
    Instant now = Instant.now();
    byte[][] entries = new byte[revoked.length][];
    for (int i = 0; i < revoked.length; i++) {
      byte[] serial = revoked[i].getSerialNumber().toByteArray();
      entries[i] = der(SEQUENCE, der(INTEGER, serial), time(now));
    }
    byte[] body =
        der(
            SEQUENCE,
            der(INTEGER, new byte[] {1}),
            ECDSA_WITH_SHA256,
            authority.certificate().getSubjectX500Principal().getEncoded(),
            time(now.minusSeconds(3600)),
            time(now.plus(next)),
            revoked.length == 0 ? new byte[0] : der(SEQUENCE, entries));
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(authority.keyPair().getPrivate());
    signature.update(body);
    return der(SEQUENCE, body, ECDSA_WITH_SHA256, der(BIT_STRING, new byte[1], signature.sign()));
  }

  private static byte[] time(Instant at) {
    String text =
        DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").format(at.atOffset(ZoneOffset.UTC));
    return der(UTC_TIME, text.getBytes(US_ASCII));
  }

  private static byte[] der(int tag, byte[]... parts) {
    ByteArrayOutputStream content = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      content.writeBytes(part);
    }
    int length = content.size();
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    all.write(tag);
    if (length < 0x80) {
      all.write(length);
    } else {
      all.write(0x82);
      all.write(length >> 8);
      all.write(length);
    }
    all.writeBytes(content.toByteArray());
    return all.toByteArray();
  }
}
