package io.dragonfly.transport.http.internal.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.UnpooledByteBufAllocator;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the proxy signs, and with what. What clients see of it is in {@link ProxyModeTest}. */
class CertificatesTest {
  @TempDir Path dir;
  private Instant now = Instant.parse("2030-01-01T00:00:00Z");

  private Certificates open() throws IOException {
    return Certificates.open(dir.resolve("ca.pem"), () -> now);
  }

  @Test
  void eachHostHasOneUntilHalfOfItsTimeIsOver() throws Exception {
    Certificates certificates = open();
    SslContext first = certificates.of("a.example");

    assertThat(certificates.of("a.example")).isSameAs(first);
    assertThat(certificates.of("b.example")).isNotSameAs(first);
    now = now.plus(Duration.ofDays(14));
    assertThat(certificates.of("a.example")).isSameAs(first);
    now = now.plus(Duration.ofDays(1)).plusMillis(1);
    assertThat(certificates.of("a.example")).isNotSameAs(first);
  }

  @Test
  void theCaIsMadeOnce() throws Exception {
    String made = open().pem();

    assertThat(open().pem()).isEqualTo(made);
  }

  @Test
  void aFileThatIsNoCaIsSaidToBeNone() throws Exception {
    Path file = dir.resolve("ca.pem");
    open();
    String whole = Files.readString(file, US_ASCII);
    HeldCertificate leaf = new HeldCertificate.Builder().build();
    String[] damaged = {
      "",
      "no PEM at all",
      whole.substring(0, whole.length() / 2),
      whole.replaceFirst("(?m)^[A-Za-z0-9+/]{20}", "!!!!"),
      leaf.privateKeyPkcs8Pem() + leaf.certificatePem()
    };
    for (String pem : damaged) {
      Files.writeString(file, pem, US_ASCII);
      assertThatThrownBy(this::open)
          .as(pem)
          .isInstanceOf(IOException.class)
          .hasMessageContaining(file + " is no CA")
          .hasMessageContaining("give a PEM file with one key and its certificate");
      assertThat(Files.readString(file, US_ASCII)).isEqualTo(pem); // it may be the only copy
    }
  }

  private void pass(int days) {
    now = now.plus(Duration.ofDays(days));
  }

  /** Returns the CA certificates that clients are told to trust; the first one signs. */
  private static List<String> trusted(Certificates certificates) {
    String[] parts = certificates.pem().split("(?<=-----END CERTIFICATE-----\n)", -1);
    return Arrays.stream(parts).filter(part -> !part.isEmpty()).toList();
  }

  private static X509Certificate parse(String pem) {
    return okhttp3.tls.Certificates.decodeCertificatePem(pem);
  }

  @Test
  void theCaLivesAYearAndNothingThatItSignsLivesLonger() throws Exception {
    Certificates certificates = open();
    X509Certificate ca = parse(certificates.pem());

    assertThat(Duration.between(ca.getNotBefore().toInstant(), ca.getNotAfter().toInstant()))
        .isLessThanOrEqualTo(Duration.ofDays(366));
    assertThat(ca.getNotBefore().toInstant()).isBefore(now); // the client's clock may be late
    assertThat(shown(certificates.of("a.example")).getNotAfter().toInstant())
        .isAfter(now.plus(Duration.ofDays(20)));
    Files.createDirectory(dir.resolve("ca.pem.next")); // so it signs until its end
    Instant end = ca.getNotAfter().toInstant();
    now = end.minusSeconds(60);
    assertThat(shown(certificates.of("a.example")).getNotAfter().toInstant()).isEqualTo(end);
  }

  /** Returns the certificate that a client gets to see. */
  private static X509Certificate shown(SslContext context) throws Exception {
    SSLContext credulous = SSLContext.getInstance("TLS");
    credulous.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
    SSLEngine client = credulous.createSSLEngine();
    client.setUseClientMode(true);
    SSLEngine server = context.newEngine(UnpooledByteBufAllocator.DEFAULT);
    ByteBuffer toServer = ByteBuffer.allocate(1 << 16);
    ByteBuffer toClient = ByteBuffer.allocate(1 << 16);
    client.beginHandshake();
    while (client.getHandshakeStatus() != SSLEngineResult.HandshakeStatus.NOT_HANDSHAKING) {
      handshake(client, toClient, toServer);
      handshake(server, toServer, toClient);
    }
    return (X509Certificate) client.getSession().getPeerCertificates()[0];
  }

  /** Does as much of a handshake as one side can with what has come from the other. */
  private static void handshake(SSLEngine side, ByteBuffer in, ByteBuffer out) throws Exception {
    in.flip();
    boolean goesOn = true;
    while (goesOn) {
      switch (side.getHandshakeStatus()) {
        case NEED_TASK -> side.getDelegatedTask().run();
        case NEED_WRAP -> side.wrap(ByteBuffer.allocate(0), out);
        default -> {
          goesOn = in.hasRemaining();
          if (goesOn) {
            side.unwrap(in, ByteBuffer.allocate(1 << 16));
          }
        }
      }
    }
    in.compact();
  }

  @Test
  void theNextCaIsMadeInTimeAndSignsWhenClientsCanTrustIt() throws Exception {
    String first = open().pem();
    pass(300);
    assertThat(open().pem()).isEqualTo(first);
    pass(10);
    Certificates both = open();
    assertThat(trusted(both)).hasSize(2).first().isEqualTo(first);
    String second = trusted(both).get(1);
    pass(29);
    assertThat(open().pem()).isEqualTo(both.pem());
    pass(1);

    Certificates changed = open();

    assertThat(changed.pem()).isEqualTo(second);
    X509Certificate leaf = shown(changed.of("a.example"));
    leaf.verify(parse(second).getPublicKey());
    assertThat(parse(second).getPublicKey()).isNotEqualTo(parse(first).getPublicKey());
    Path old = dir.resolve("ca.pem.old");
    assertThat(Files.readString(old, US_ASCII)).isEqualTo(first); // without its key
    assertThat(dir.resolve("ca.pem.next")).doesNotExist();
    assertThat(open().pem()).isEqualTo(second);
  }

  @Test
  void aProxyThatRunsForYearsChangesItsCaAsWell() throws Exception {
    Certificates running = open();
    String first = running.pem();
    Certificates other = open(); // as that of dfdaemon ca
    for (int i = 0; i < 40; i++) {
      pass(10);
      assertThat(running.of("host" + i)).isNotNull();
      X509Certificate signs = parse(trusted(running).get(0));
      assertThat(signs.getNotAfter().toInstant()).isAfter(now.plus(Duration.ofDays(15)));
    }
    assertThat(running.pem()).isNotEqualTo(first);
    // Whoever read the file before the change takes what is there now.
    assertThat(other.of("host")).isNotNull();
    assertThat(other.pem()).isEqualTo(running.pem());
  }

  @Test
  void aCaThatHasEndedIsReplacedAtOnce() throws Exception {
    String first = open().pem();
    pass(1000);

    Certificates late = open();

    assertThat(trusted(late)).hasSize(1).doesNotContain(first);
    parse(late.pem()).checkValidity(Date.from(now));
  }

  @Test
  void aCaThatCannotBeReplacedSignsUntilItsEnd() throws Exception {
    String first = open().pem();
    Path next = dir.resolve("ca.pem.next");
    Files.createDirectory(next); // no file of this name can be made
    pass(310);

    Certificates late = open();

    assertThat(late.pem()).isEqualTo(first);
    assertThat(late.of("a.example")).isNotNull();
  }

  @Test
  void aCaOfTheOperatorIsLeftAlone() throws Exception {
    HeldCertificate own =
        new HeldCertificate.Builder()
            .certificateAuthority(0)
            .commonName("Our CA")
            .validityInterval(now.toEpochMilli(), now.plus(Duration.ofDays(100)).toEpochMilli())
            .build();
    Path file = dir.resolve("ca.pem");
    Files.writeString(file, own.privateKeyPkcs8Pem() + own.certificatePem(), US_ASCII);
    for (int i = 0; i < 12; i++) {
      assertThat(open().pem()).isEqualTo(own.certificatePem());
      pass(10);
    }
    try (Stream<Path> files = Files.list(dir)) {
      assertThat(files).containsExactly(file);
    }
    Certificates ended = open();
    assertThatThrownBy(() -> ended.of("a.example"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(file + " ended on");
  }
}
