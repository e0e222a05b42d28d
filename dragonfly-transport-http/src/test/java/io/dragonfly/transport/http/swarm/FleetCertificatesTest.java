package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.testkit.ControlExamples;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.HttpTransport;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.TestCa;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What certificates of a fleet allow where both sides show one, and how they end. */
@ExtendWith(LeakCheck.class)
class FleetCertificatesTest {
  private static final String STATUS = "GET /api/v2/admin/status";
  private static final String METRICS = "GET /metrics";
  private static final String OFFER = "POST /api/v2/announce";
  private static final String PIECE = "GET /api/v2/tasks/" + "ab".repeat(32) + "/data";

  @TempDir Path dir;
  private final TestCa ca = new TestCa();
  private final HeldCertificate own = ca.issue("", "127.0.0.1", "localhost");
  private final HeldCertificate peer = ca.issue("", "127.0.0.1");
  private TestCa.PemFiles pem;
  private Path lists;
  private Supernode supernode;

  @BeforeEach
  void start() throws Exception {
    pem = ca.write(dir.resolve("pem"), own);
    lists = ca.revoke(dir.resolve("lists.pem"));
    supernode =
        new Supernode(
            SupernodeConfig.builder()
                .homeDir(dir.resolve("supernode"))
                .port(0)
                .metricsPage(() -> "one 1\n")
                .tlsCert(pem.cert())
                .tlsKey(pem.key())
                .tlsCa(pem.ca())
                .crl(lists)
                .build());
  }

  @AfterEach
  void stop() {
    supernode.close();
  }

  private RawConnection connect(HeldCertificate who) throws IOException {
    return RawConnection.overTls(supernode.address().orElseThrow(), ca.sockets(who));
  }

  private static RawConnection.Message ask(RawConnection connection, String line, String header)
      throws IOException {
    String length = line.startsWith("POST") ? "Content-Length: 2\n" : "";
    return connection
        .send(
            "%s HTTP/1.1\nHost: h\n%s%s\n%s"
                .formatted(line, length, header, length.isEmpty() ? "" : "{}"))
        .read();
  }

  private RawConnection.Message ask(HeldCertificate who, String line) throws IOException {
    try (RawConnection connection = connect(who)) {
      return ask(connection, line, "");
    }
  }

  private void assertForbidden(HeldCertificate who, String line, String unit) throws IOException {
    RawConnection.Message answer = ask(who, line);
    assertThat(answer.status()).as(line).isEqualTo(403);
    assertThat(answer.text()).contains("OU=" + unit);
  }

  @Test
  void operatorsCallsTakeTheirRoleOrTheToken() throws Exception {
    assertThat(ask(ca.issue("dragonfly-operator", "ops"), STATUS).status()).isEqualTo(200);
    assertForbidden(peer, STATUS, "dragonfly-operator");
    assertForbidden(peer, "GET /api/v2/preheats", "dragonfly-operator");
    assertForbidden(ca.issue("dragonfly-scraper", "prom"), STATUS, "dragonfly-operator");
    assertForbidden(ca.issue("operator", "odd"), STATUS, "dragonfly-operator");
    String token = Files.readString(dir.resolve("supernode/admin-token")).trim();
    try (RawConnection connection = connect(peer)) {
      String bearer = "Authorization: Bearer " + token + "\n";
      assertThat(ask(connection, STATUS, bearer).status()).isEqualTo(200);
      assertThat(ask(connection, METRICS, bearer).status()).isEqualTo(200);
      assertThat(ask(connection, STATUS, bearer.replace(token, "wrong")).status()).isEqualTo(403);
    }
  }

  @Test
  void metricsAreForScrapersAndOperatorsAlone() throws Exception {
    assertThat(ask(ca.issue("dragonfly-scraper", "prom"), METRICS).text()).contains("one 1");
    assertThat(ask(ca.issue("dragonfly-operator", "ops"), METRICS).status()).isEqualTo(200);
    assertForbidden(peer, METRICS, "dragonfly-scraper or OU=dragonfly-operator");
    assertThat(ask(peer, "GET /healthz").status()).isEqualTo(200);
  }

  @Test
  void whoHasAnotherRoleIsNoPeer() throws Exception {
    assertThat(ask(peer, OFFER).status()).isEqualTo(400); // it is looked at
    assertThat(ask(ca.issue("dragonfly-peer", "p"), OFFER).status()).isEqualTo(400);
    assertForbidden(ca.issue("dragonfly-scraper", "prom"), OFFER, "dragonfly-peer");
    assertForbidden(ca.issue("dragonfly-operator", "ops"), OFFER, "dragonfly-peer");
    assertThat(ask(peer, PIECE).status()).isEqualTo(400);
    assertForbidden(ca.issue("dragonfly-scraper", "prom"), PIECE, "dragonfly-peer");
  }

  @Test
  void whoIsRevokedGetsNoConnectionAndTheOthersDo() throws Exception {
    HeldCertificate bad = ca.issue("", "127.0.0.1");
    assertThat(ask(bad, OFFER).status()).isEqualTo(400);

    ca.revoke(lists, bad.certificate());

    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () -> assertThatThrownBy(() -> ask(bad, OFFER)).isInstanceOf(IOException.class));
    assertThat(ask(peer, OFFER).status()).isEqualTo(400);
  }

  @Test
  void anOpenConnectionEndsWhenItsCertificateIsRevoked() throws Exception {
    HeldCertificate bad = ca.issue("", "127.0.0.1");
    try (RawConnection open = connect(bad)) {
      assertThat(ask(open, "GET /healthz", "").status()).isEqualTo(200);
      ca.revoke(lists, bad.certificate());
      await()
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(() -> assertThat(ask(open, "GET /healthz", "").status()).isEqualTo(403));
      assertThat(open.awaitClose()).isLessThanOrEqualTo(0);
    }
  }

  @Test
  void aListOfBytesIsReadAndOneThatIsOutOfDateTrustsNobody() throws Exception {
    HeldCertificate bad = ca.issue("", "127.0.0.1");
    Files.write(lists, ca.list(Duration.ofDays(1), bad.certificate()));
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () -> assertThatThrownBy(() -> ask(bad, OFFER)).isInstanceOf(IOException.class));
    assertThat(ask(peer, OFFER).status()).isEqualTo(400);

    Files.write(lists, ca.list(Duration.ofMinutes(-30)));
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () -> assertThatThrownBy(() -> ask(peer, OFFER)).isInstanceOf(IOException.class));
  }

  @Test
  void withoutAListOfTheirAuthorityNobodyIsTrusted() throws Exception {
    new TestCa().revoke(lists);
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () -> assertThatThrownBy(() -> ask(peer, OFFER)).isInstanceOf(IOException.class));
  }

  @Test
  void aPeerRefusesASupernodeThatIsRevoked() throws Exception {
    Path revoked = ca.revoke(dir.resolve("revoked.pem"), own.certificate());
    TestCa.PemFiles files = ca.write(dir.resolve("peer"), peer);
    assertThat(failure(files, lists)).isNull();
    assertThat(failure(files, revoked)).hasMessageContaining("TLS fails");
    Path none = Files.writeString(dir.resolve("none.pem"), "none");
    assertThatThrownBy(() -> failure(files, none))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no revocation list");
  }

  private Throwable failure(TestCa.PemFiles files, Path revoked) {
    TransportConfig config =
        TransportConfig.builder()
            .tlsCert(files.cert())
            .tlsKey(files.key())
            .tlsCa(files.ca())
            .crl(revoked)
            .build();
    try (HttpTransport transport = HttpTransport.builder().config(config).build()) {
      return transport
          .connect(supernode.address().orElseThrow(), InetAddress.getLoopbackAddress())
          .announce(ControlExamples.offerRequests().get(0))
          .handle((answer, failure) -> failure)
          .orTimeout(60, TimeUnit.SECONDS)
          .join();
    }
  }

  @Test
  void aListNeedsTheAuthorityWhoseItIs() {
    assertThatThrownBy(() -> TransportConfig.builder().crl(lists).build())
        .hasMessageContaining("crl is set without tlsCa");
  }
}
