package io.dragonfly.transport.http.internal.tls;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dragonfly.spi.TransportConfig;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.TestCa;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Keys and certificates that somebody else renews while we run. */
@ExtendWith(LeakCheck.class)
class TlsFilesTest {
  @TempDir private Path dir;
  private final TestCa ca = new TestCa();
  private TestCa.PemFiles files;

  @BeforeEach
  void write() throws IOException {
    files = ca.write(dir, "127.0.0.1");
  }

  private TransportConfig config() {
    return TransportConfig.builder()
        .tlsCert(files.cert())
        .tlsKey(files.key())
        .tlsCa(files.ca())
        .build();
  }

  private static String shown(TlsFiles files) {
    return Fingerprint.of(files.current().credentials().identity().orElseThrow().chain().get(0));
  }

  @Test
  void whatHasChangedHoldsAfterTheNextLookAndNoUseOfThemLooks() throws IOException {
    TlsFiles read = new TlsFiles(config());
    String before = shown(read);
    ca.write(dir, "127.0.0.1", "another");

    assertThat(shown(read)).isEqualTo(before);
    read.look();
    assertThat(shown(read)).isNotEqualTo(before);
  }

  @Test
  void theyAreLookedAtThoughNobodyConnectsUntilThatIsClosed() throws IOException {
    TransportTls tls = TransportTls.of(config(), System::nanoTime);
    ServerTls server = tls.forServer(true).orElseThrow();
    String before = server.fingerprint();
    tls.watch();
    tls.watch(); // once is enough
    try (tls) {
      ca.write(dir, "127.0.0.1", "another");
      await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(() -> assertThat(server.fingerprint()).isNotEqualTo(before));
    }
  }

  @Test
  void whatHasNotChangedIsTheSameObject() throws IOException {
    TlsFiles read = new TlsFiles(config());
    Loaded before = read.current();
    read.look();
    assertThat(read.current()).isSameAs(before);
  }

  @Test
  void halfOfARenewalChangesNothingUntilItIsWhole() throws IOException {
    TlsFiles read = new TlsFiles(config());
    String before = shown(read);
    TestCa.PemFiles next = ca.write(dir.resolve("next"), "127.0.0.1", "another");
    Files.copy(next.cert(), files.cert(), StandardCopyOption.REPLACE_EXISTING);
    read.look();
    assertThat(shown(read)).isEqualTo(before);

    Files.copy(next.key(), files.key(), StandardCopyOption.REPLACE_EXISTING);
    read.look();
    assertThat(shown(read)).isNotEqualTo(before);

    Files.delete(files.key());
    read.look();
    assertThat(shown(read)).isNotEqualTo(before);
  }

  /** As when its owner or mode was wrong, which is not seen from size and time. */
  @Test
  void filesThatCouldNotBeUsedAreReadAgainThoughNothingElseTellsThatTheyAreBetter()
      throws IOException {
    TlsFiles read = new TlsFiles(config());
    String before = shown(read);
    ca.write(dir, "127.0.0.1", "another");
    String key = Files.readString(files.key());
    Files.writeString(files.key(), key.replace("BEGIN", "BEGUN"));
    FileTime time = Files.getLastModifiedTime(files.key());
    read.look();
    assertThat(shown(read)).isEqualTo(before);

    Files.writeString(files.key(), key);
    Files.setLastModifiedTime(files.key(), time);
    read.look();
    assertThat(shown(read)).isNotEqualTo(before);
  }

  @Test
  void filesThatCannotBeUsedAreNamedAndNotShown() throws IOException {
    Files.writeString(files.key(), "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n");
    assertThatThrownBy(() -> TransportTls.of(config(), System::nanoTime))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("key.pem")
        .hasMessageContaining("openssl pkcs8 -topk8")
        .hasMessageNotContaining("c2VjcmV0");

    Files.writeString(files.cert(), "no certificate");
    assertThatThrownBy(() -> TransportTls.of(config(), System::nanoTime))
        .hasMessageContaining("cert.pem has no certificate");

    Files.delete(files.cert());
    assertThatThrownBy(() -> TransportTls.of(config(), System::nanoTime))
        .hasMessageContaining("cert.pem cannot be read");
  }

  @Test
  void theKeyIsInNoText() throws IOException {
    Credentials.Identity identity = TlsFiles.identity(files.cert(), files.key());
    assertThat(identity.toString()).startsWith("the key of sha256:").hasSize(82);
    assertThat(new TlsFiles(config()).current().credentials().toString())
        .doesNotContainIgnoringCase("PrivateKey");
  }
}
