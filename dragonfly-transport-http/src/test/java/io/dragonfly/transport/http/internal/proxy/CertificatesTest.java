package io.dragonfly.transport.http.internal.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
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
}
