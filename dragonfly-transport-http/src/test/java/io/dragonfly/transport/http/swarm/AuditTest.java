package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.AppenderBase;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.Caller;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.HttpTransport;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.TestCa;
import io.dragonfly.transport.http.metrics.MicrometerListener;
import io.dragonfly.transport.http.metrics.MicrometerSupernodeListener;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** The audit log and its counters, of a real supernode and a real peer over real sockets. */
@ExtendWith(LeakCheck.class)
class AuditTest {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final String PASSWORD = "dontTellAnybody";
  private static final String TASK = "ab".repeat(32);

  @TempDir Path dir;
  private final Logger logger = (Logger) LoggerFactory.getLogger("io.dragonfly.audit");
  private final List<String> lines = new CopyOnWriteArrayList<>();
  private final AppenderBase<ILoggingEvent> appender =
      new AppenderBase<>() {
        @Override
        protected void append(ILoggingEvent event) {
          lines.add(event.getFormattedMessage());
        }
      };
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final PeerSecret secret = PeerSecret.random(new SecureRandom());
  private Supernode supernode;
  private String token;

  @BeforeEach
  void listen() {
    appender.start();
    logger.setLevel(Level.INFO);
    logger.setAdditive(false);
    logger.addAppender(appender);
  }

  @AfterEach
  void stop() {
    if (supernode != null) {
      supernode.close();
    }
    logger.detachAppender(appender);
    logger.setAdditive(true);
    logger.setLevel(null);
    assertThat(lines.toString()).doesNotContain(PASSWORD, secret.reveal());
    if (token != null) {
      assertThat(lines.toString()).doesNotContain(token);
    }
  }

  private void start(UnaryOperator<SupernodeConfig.Builder> more) throws IOException {
    SupernodeConfig.Builder config =
        SupernodeConfig.builder()
            .homeDir(dir.resolve("supernode"))
            .port(0)
            .listener(new MicrometerSupernodeListener(registry));
    supernode = new Supernode(more.apply(config).build());
    token = Files.readString(dir.resolve("supernode/admin-token")).trim();
  }

  private InetSocketAddress address() {
    return supernode.address().orElseThrow();
  }

  private static RawConnection.Message ask(
      RawConnection connection, String line, String header, String body) throws IOException {
    return connection
        .send(
            "%s HTTP/1.1\nHost: h\nContent-Length: %d\n%s\n%s"
                .formatted(line, body.length(), header, body))
        .read();
  }

  private int call(String line, String shown, String body) throws IOException {
    String header = shown.isEmpty() ? "" : "Authorization: Bearer " + shown + "\n";
    try (RawConnection connection = RawConnection.overTls(address())) {
      return ask(connection, line, header, body).status();
    }
  }

  /** Waits for the line of an event, the only one since the last call, and forgets it. */
  private JsonNode only(SecurityEvent.Kind kind) throws IOException {
    await().atMost(LONG).until(() -> !lines.isEmpty());
    assertThat(lines).hasSize(1);
    JsonNode line = new ObjectMapper().readTree(lines.get(0));
    assertThat(line.at("/event").asText()).isEqualTo(label(kind));
    assertThat(line.at("/from").asText()).isEqualTo("127.0.0.1");
    assertThat(line.at("/time").asText()).endsWith("Z");
    assertThat(count("supernode", kind) + count("dfget", kind)).isGreaterThanOrEqualTo(1);
    assertThat(lines.toString()).doesNotContain(PASSWORD, token);
    lines.clear();
    return line;
  }

  private static String label(SecurityEvent.Kind kind) {
    return kind.name().toLowerCase(Locale.ROOT);
  }

  private double count(String module, SecurityEvent.Kind kind) {
    Counter counter =
        registry
            .find("dragonfly." + module + ".security.events")
            .tag("event", label(kind))
            .counter();
    return counter == null ? 0 : counter.count();
  }

  private void assertOperator(SecurityEvent.Kind kind, String outcome, String what)
      throws IOException {
    JsonNode line = only(kind);
    assertThat(line.at("/outcome").asText()).isEqualTo(outcome);
    assertThat(line.at("/who").asText()).isEqualTo("operators' token");
    assertThat(line.at("/what").asText()).isEqualTo(what);
    assertThat(line.has("reason")).isEqualTo(outcome.equals("failed"));
  }

  @Test
  void eachKindHasACounterFromTheStart() throws Exception {
    start(config -> config);
    var unused = new MicrometerListener(registry);
    for (SecurityEvent.Kind kind : SecurityEvent.Kind.values()) {
      for (String module : List.of("supernode", "dfget")) {
        assertThat(
                registry
                    .get("dragonfly." + module + ".security.events")
                    .tag("event", label(kind))
                    .counter()
                    .count())
            .isZero();
      }
    }
  }

  @Test
  void eachCallOfAnOperatorIsALine() throws Exception {
    start(config -> config);
    String task = "/api/v2/admin/tasks/" + TASK;

    assertThat(call("GET /api/v2/admin/status", token, "")).isEqualTo(200);
    assertOperator(SecurityEvent.Kind.OPERATOR_CALL, "done", "GET /api/v2/admin/status");
    assertThat(call("DELETE " + task, token, "")).isEqualTo(404);
    assertOperator(SecurityEvent.Kind.DELETE_TASK, "failed", "DELETE " + task);
    assertThat(call("POST " + task + "/pin", token, "")).isEqualTo(404);
    assertOperator(SecurityEvent.Kind.PIN_TASK, "failed", "POST " + task + "/pin");
    assertThat(call("POST " + task + "/unpin", token, "")).isEqualTo(404);
    assertOperator(SecurityEvent.Kind.UNPIN_TASK, "failed", "POST " + task + "/unpin");
    assertThat(call("POST " + task + "/verify", token, "")).isEqualTo(404);
    assertOperator(SecurityEvent.Kind.VERIFY_TASK, "failed", "POST " + task + "/verify");
    assertThat(call("POST " + task + "/burn", token, "")).isEqualTo(404);
    assertOperator(SecurityEvent.Kind.OPERATOR_CALL, "failed", "POST " + task + "/burn");

    String body =
        "{\"url\":\"http://127.0.0.1:1/f?sig=%s\",\"headers\":[\"Authorization: %s\"]}"
            .formatted(PASSWORD, PASSWORD);
    assertThat(call("POST /api/v2/preheats", token, body)).isEqualTo(202);
    assertOperator(
        SecurityEvent.Kind.PREHEAT, "done", "POST /api/v2/preheats http://127.0.0.1:1/f");
    assertThat(call("POST /api/v2/preheats", token, "{\"url\":\"%" + PASSWORD + "\"}"))
        .isEqualTo(400);
    assertOperator(SecurityEvent.Kind.PREHEAT, "failed", "POST /api/v2/preheats");
    assertThat(call("DELETE /api/v2/preheats/00", token, "")).isEqualTo(404);
    assertOperator(SecurityEvent.Kind.CANCEL_PREHEAT, "failed", "DELETE /api/v2/preheats/00");
    assertThat(count("supernode", SecurityEvent.Kind.PREHEAT)).isEqualTo(2);
  }

  @Test
  void whoShowsNoTokenOrAWrongOneIsALine() throws Exception {
    start(config -> config);
    for (String shown : List.of("", PASSWORD)) {
      for (String path : List.of("/api/v2/admin/tasks", "/api/v2/preheats")) {
        assertThat(call("GET " + path + "?token=" + PASSWORD, shown, "")).isIn(401, 404);
        lines.clear();
        assertThat(call("GET " + path, shown, "")).isEqualTo(401);
        JsonNode line = only(SecurityEvent.Kind.OPERATOR_REFUSED);
        assertThat(line.at("/outcome").asText()).isEqualTo("refused");
        assertThat(line.at("/what").asText()).isEqualTo("GET " + path);
        assertThat(line.has("who")).isFalse();
      }
    }
    try (RawConnection plain = RawConnection.to(address())) {
      String bearer = "Authorization: Bearer " + token + "\n";
      assertThat(ask(plain, "GET /api/v2/admin/tasks", bearer, "").status()).isEqualTo(403);
    }
    assertThat(only(SecurityEvent.Kind.OPERATOR_REFUSED).at("/reason").asText())
        .contains("TLS alone");
  }

  @Test
  void aFloodOfWrongTokensIsBoundedAndCounted() throws Exception {
    start(config -> config);
    int calls = 60;
    for (int i = 0; i < calls; i++) {
      assertThat(call("GET /api/v2/admin/tasks", PASSWORD + i, "")).isEqualTo(401);
    }
    supernode.close(); // says what was left out

    long leftOut = 0;
    long written = 0;
    for (String line : lines) {
      JsonNode each = new ObjectMapper().readTree(line);
      leftOut += each.at("/left_out").asLong();
      written += each.has("left_out") ? 0 : 1;
    }
    assertThat(written + leftOut).isEqualTo(calls);
    assertThat(leftOut).isPositive();
    assertThat(count("supernode", SecurityEvent.Kind.OPERATOR_REFUSED)).isEqualTo(calls);
  }

  private Caller caller(InetAddress serves) {
    return new Caller(secret, new InetSocketAddress(serves, 1234), "");
  }

  private void offer(HttpTransport transport, Caller caller) throws Exception {
    settle(transport.connect(address(), HERE).announce(new AnnounceRequest(caller, List.of())));
  }

  private static void settle(CompletableFuture<?> call) throws Exception {
    Object unused = call.handle((value, failure) -> "").get(1, TimeUnit.MINUTES);
  }

  @Test
  void whatPeersAreRefusedIsALine() throws Exception {
    Path file = Files.writeString(dir.resolve("join"), PASSWORD.repeat(3));
    start(config -> config.joinTokenFile(file));
    try (HttpTransport transport = HttpTransport.builder().build()) {
      offer(transport, caller(HERE));
      assertThat(only(SecurityEvent.Kind.JOIN_REFUSED).at("/who").asText())
          .isEqualTo(secret.id().hex());
      offer(transport, caller(InetAddress.getByName("192.0.2.1")));
      assertThat(only(SecurityEvent.Kind.PEER_ADDRESS_REFUSED).at("/what").asText())
          .contains("192.0.2.1:1234");
    }
  }

  @Test
  void aSourceThatIsNotReadForOthersIsALine() throws Exception {
    start(config -> config);
    ContentRequest content =
        ContentRequest.of(URI.create("http://169.254.169.254/latest?sig=" + PASSWORD))
            .withHeaders(Headers.NONE.with("Authorization", PASSWORD));
    RegisterRequest request =
        new RegisterRequest(caller(HERE), content, Optional.empty(), Optional.empty(), List.of());
    try (HttpTransport transport = HttpTransport.builder().build()) {
      settle(transport.connect(address(), HERE).register(request));
    }

    JsonNode line = only(SecurityEvent.Kind.SOURCE_ADDRESS_REFUSED);
    assertThat(line.at("/who").asText()).isEqualTo(secret.id().hex());
    assertThat(line.at("/what").asText()).isEqualTo("http://169.254.169.254/latest");
  }

  @Test
  void aCapabilityThatAParentRefusesIsALine() throws Exception {
    start(config -> config);
    ClientConfig config =
        ClientConfig.builder()
            .home(dir.resolve("peer"))
            .supernodes(List.of(address()))
            .listener(new MicrometerListener(registry))
            .build();
    try (DistributionClient parent = new DistributionClient(config)) {
      String request =
          "GET /api/v2/tasks/%s/data?x=1 HTTP/1.1\nHost: h\nRange: bytes=0-9\nDragonfly-Taker: %s\n"
              + "Dragonfly-Capability: %s\n\n";
      try (RawConnection raw = RawConnection.to(parent.address().orElseThrow())) {
        String wrong = request.formatted(TASK, secret.id().hex(), PASSWORD).replace("?x=1", "");
        assertThat(raw.send(wrong).read().status()).isEqualTo(403);
      }
      JsonNode line = only(SecurityEvent.Kind.CAPABILITY_REFUSED);
      assertThat(line.at("/who").asText()).isEqualTo(secret.id().hex());
      assertThat(line.at("/what").asText()).isEqualTo("task " + TASK);
      assertThat(count("dfget", SecurityEvent.Kind.CAPABILITY_REFUSED)).isEqualTo(1);

      parent.securityEvent(
          SecurityEvent.done(
              SecurityEvent.Kind.CHANGE_LIMIT, "user a", "127.0.0.1", "--totallimit 1M"));
      assertThat(only(SecurityEvent.Kind.CHANGE_LIMIT).at("/who").asText()).isEqualTo("user a");
    }
  }

  @Test
  void aCertificateThatIsRefusedIsALine() throws Exception {
    TestCa ca = new TestCa();
    TestCa.PemFiles pem = ca.write(dir.resolve("pem"), ca.issue("", "127.0.0.1", "localhost"));
    Path lists = ca.revoke(dir.resolve("lists.pem"));
    start(c -> c.tlsCert(pem.cert()).tlsKey(pem.key()).tlsCa(pem.ca()).crl(lists));

    HeldCertificate operator = ca.issue("dragonfly-operator", "ops");
    try (RawConnection right = RawConnection.overTls(address(), ca.sockets(operator))) {
      assertThat(ask(right, "GET /api/v2/admin/status", "", "").status()).isEqualTo(200);
      assertThat(only(SecurityEvent.Kind.OPERATOR_CALL).at("/who").asText())
          .startsWith("certificate ")
          .contains("OU=dragonfly-operator");

      assertThat(ask(right, "POST /api/v2/announce", "", "{}").status()).isEqualTo(403);
      JsonNode line = only(SecurityEvent.Kind.CERTIFICATE_REFUSED);
      assertThat(line.at("/who").asText()).contains("OU=dragonfly-operator");
      assertThat(line.at("/what").asText()).isEqualTo("POST /api/v2/announce");
    }
    try (RawConnection plain = RawConnection.to(address())) {
      assertThat(ask(plain, "GET /metrics", "", "").status()).isEqualTo(403);
    }
    assertThat(only(SecurityEvent.Kind.CERTIFICATE_REFUSED).at("/reason").asText())
        .contains("TLS alone");
    HeldCertificate stranger = new TestCa().issue("", "127.0.0.1");
    assertNoAnswer(() -> RawConnection.overTls(address(), ca.sockets(stranger)));
    assertThat(only(SecurityEvent.Kind.CERTIFICATE_REFUSED).at("/reason").asText())
        .contains("handshake");
    assertRevokedIsALine(ca, lists);
    assertNoAnswer(() -> RawConnection.overTls(address()));
    assertThat(only(SecurityEvent.Kind.CERTIFICATE_REFUSED).at("/reason").asText())
        .contains("handshake");
  }

  private void assertRevokedIsALine(TestCa ca, Path lists) throws Exception {
    HeldCertificate bad = ca.issue("dragonfly-operator", "bad");
    try (RawConnection open = RawConnection.overTls(address(), ca.sockets(bad))) {
      assertThat(ask(open, "GET /healthz", "", "").status()).isEqualTo(200);
      ca.revoke(lists, bad.certificate());
      await()
          .atMost(LONG)
          .until(() -> ask(open, "GET /healthz", "", "").status() == 403); // and then it is closed
    }
    JsonNode line = only(SecurityEvent.Kind.CERTIFICATE_REFUSED);
    assertThat(line.at("/who").asText()).contains("OU=dragonfly-operator");
    assertThat(line.at("/reason").asText()).contains("not trusted any more");
  }

  private interface Connecting {
    RawConnection connect() throws IOException;
  }

  private static void assertNoAnswer(Connecting connecting) {
    try (RawConnection connection = connecting.connect()) {
      assertThat(ask(connection, "GET /healthz", "", "").status()).as("no answer").isZero();
    } catch (IOException e) {
      assertThat(e).isNotNull(); // as it should be
    }
  }
}
