package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchStream;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.proxy.ProxyConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import mockwebserver3.MockResponse;
import mockwebserver3.SocketEffect;
import okhttp3.Response;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients may not do, and how long registries may take. */
class ProxyLimitsTest extends ProxyTest {
  private static final Duration SOON = Duration.ofMillis(200);
  private static final Function<FetchRequest, FetchStream> NO_SWARM =
      request -> {
        throw new IllegalStateException("no swarm");
      };

  private void startWith(ProxyConfig.Builder config) throws Exception {
    Duration late = Duration.ofSeconds(30);
    start(config, new ProxyLimits(SOON, SOON, SOON, SOON, late, SOON.dividedBy(4)), NO_SWARM);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "GET /v2/ HT", "GET /v2/ HTTP/1.1\nHost: localhost\n"})
  void aHeadThatDoesNotComeIsNotWaitedFor(String begin) throws Exception {
    startWith(config());
    try (RawConnection slow = connect().send(begin)) {
      assertThat(slow.awaitClose()).isZero();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"GET /v2/", "GET /v2/ HTTP/1.1\nHost: localhost\nX: "})
  void aHeadThatDribblesIsNotWaitedForEither(String begin) throws Exception {
    startWith(config());
    try (RawConnection dribbling = connect().send(begin)) {
      // A byte again and again: the limit is for all of the head.
      Awaitility.await()
          .pollInterval(Duration.ofMillis(10))
          .untilAsserted(
              () -> assertThatThrownBy(() -> dribbling.send("y")).isInstanceOf(IOException.class));
    }
    assertThat(counts().requests()).isZero();
  }

  @Test
  void aTunnelThatIsIdleForLongEnds() throws Exception {
    Duration often = Duration.ofMillis(1);
    ProxyLimits limits = ProxyLimits.DEFAULT;
    start(
        config(),
        new ProxyLimits(
            limits.idle(), limits.head(), limits.body(), limits.send(), limits.tunnel(), often),
        NO_SWARM);
    try (RawConnection tunnel =
        connect().send("CONNECT " + registry.authority() + " HTTP/1.1\nHost: localhost\n\n")) {
      assertThat(tunnel.readHead().status()).isEqualTo(200);
      for (int i = 0; i < 20; i++) { // each time it is used for something
        advance(limits.tunnel().dividedBy(2));
        assertThat(tunnel.send("GET /v2/ HTTP/1.1\nHost: localhost\n\n").read().status())
            .isEqualTo(200);
      }

      advance(limits.tunnel().plusSeconds(1));

      assertThat(tunnel.awaitClose()).isZero();
    }
  }

  @Test
  void anUploadIsTakenNoFasterThanItIsPassedOn() throws Exception {
    start(config(), ProxyLimits.DEFAULT, NO_SWARM);
    int parts = 64;
    AtomicInteger sent = new AtomicInteger();
    ExecutorService sender = Executors.newSingleThreadExecutor();
    try (ServerSocket slow = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        RawConnection client = connect()) {
      String head = "PUT http://127.0.0.1:%d/x HTTP/1.1\nHost: localhost\nContent-Length: %d\n\n";
      client.send(head.formatted(slow.getLocalPort(), parts * MIB));
      Future<?> upload =
          sender.submit(
              () -> {
                for (int i = 0; i < parts; i++) {
                  client.send(part(i));
                  sent.incrementAndGet();
                }
                return null;
              });
      try (RawConnection there = new RawConnection(slow.accept())) {
        assertThat(there.readHead().first()).startsWith("PUT /x ");
        AtomicInteger before = new AtomicInteger(-1);
        Awaitility.await()
            .atMost(Duration.ofSeconds(60))
            .pollInterval(Duration.ofMillis(300))
            .until(() -> sent.get() == before.getAndSet(sent.get()));
        // The system's buffers on the way are full; ours have room for a quarter of a part.
        assertThat(sent.get()).isLessThan(parts / 2);

        for (int i = 0; i < parts; i++) {
          assertThat(there.read(MIB)).as("part %d", i).isEqualTo(part(i));
        }
        there.send("HTTP/1.1 201 Created\nContent-Length: 0\n\n");
        upload.get(20, TimeUnit.SECONDS);
        assertThat(client.read().status()).isEqualTo(201);
      }
    } finally {
      sender.shutdownNow();
    }
  }

  private static byte[] part(int number) {
    byte[] part = new byte[MIB];
    Arrays.fill(part, (byte) number);
    return part;
  }

  @Test
  void aBodyThatDoesNotComeIsNotWaitedFor() throws Exception {
    startWith(config());
    try (RawConnection slow =
        connect().send("POST /v2/x HTTP/1.1\nHost: localhost\nContent-Length: 9\n\nabc")) {
      slow.awaitClose();
    }
    Awaitility.await().until(() -> counts().requests() == 1);
  }

  @Test
  void aClientThatReadsNothingIsGivenUp() throws Exception {
    registry.put("/big", FakeRegistry.bytes(64 * MIB, 1));
    startWith(config().connections(1));
    try (RawConnection deaf = connect().send("GET /big HTTP/1.1\nHost: localhost\n\n")) {
      assertThat(deaf.readHead().status()).isEqualTo(200);
      // Another one is let in once this one is closed, which a look at it alone could not tell.
      Awaitility.await()
          .atMost(Duration.ofSeconds(60))
          .ignoreExceptionsInstanceOf(IOException.class)
          .until(() -> body("/healthz").length > 0);
      assertThat(counts().directBytes()).isBetween(1L, 64L * MIB - 1);
      assertThat(deaf.awaitClose()).isLessThan(64L * MIB);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\n\n",
        "GET / HTTP/1.1\nHost: a\nHost: b\n\n",
        "GET / HTTP/2.0\nHost: a\n\n",
        "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: gzip, chunked\n\n",
        "POST / HTTP/1.1\nHost: a\nContent-Length: 1\nContent-Length: 2\n\n",
        "CONNECT / HTTP/1.1\nHost: a\n\n",
        "GET ftp://a/b HTTP/1.1\nHost: a\n\n",
        "\u0016\u0003\u0001 TLS\n\n"
      })
  void whatIsNoRequestIsRefused(String request) throws Exception {
    start(config(), ProxyLimits.DEFAULT, NO_SWARM);
    try (RawConnection raw = connect().send(request)) {
      assertThat(raw.read().status()).isBetween(400, 505);
    }
    assertThat(registry.requests).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {" HTTP/1.1\nHost: localhost\n\n", ""})
  void aFirstLineThatIsTooLongIsRefused(String rest) throws Exception {
    start(config(), ProxyLimits.DEFAULT, NO_SWARM);
    try (RawConnection raw = connect()) {
      raw.send("GET /v2/?" + "y".repeat(16_000) + " HTTP/1.1\nHost: localhost\n\n");
      assertThat(raw.read().status()).isEqualTo(200);
      raw.send("GET /v2/?" + "y".repeat(16_500) + rest);
      assertThat(raw.read().status()).isEqualTo(400);
    }
    assertThat(registry.requests).hasSize(1);
  }

  @Test
  void aHeadThatIsTooLongIsRefused() throws Exception {
    start(config(), ProxyLimits.DEFAULT, NO_SWARM);
    try (RawConnection raw = connect()) {
      raw.send("GET / HTTP/1.1\nHost: localhost\nX: " + "y".repeat(70_000) + "\n\n");
      assertThat(raw.read().status()).isEqualTo(400);
    }
    assertThat(registry.requests).isEmpty();
  }

  @Test
  void moreConnectionsThanAllowedAreClosed() throws Exception {
    start(config().connections(1), ProxyLimits.DEFAULT, NO_SWARM);
    try (RawConnection first = connect().send("GET /v2/ HTTP/1.1\nHost: localhost\n\n")) {
      assertThat(first.read().status()).isEqualTo(200);
      try (RawConnection second = connect()) {
        assertThat(second.awaitClose()).isLessThanOrEqualTo(0);
      }
      assertThat(first.send("GET /v2/ HTTP/1.1\nHost: localhost\n\n").read().status())
          .isEqualTo(200);
    }
  }

  @Test
  void oneClientAddressDoesNotTakeAllConnections() throws Exception {
    start(config().connections(4).connectionsPerClient(2), ProxyLimits.DEFAULT, NO_SWARM);
    String request = "GET /v2/ HTTP/1.1\nHost: localhost\n\n";
    List<RawConnection> held = new ArrayList<>();
    // Each user has all loopback addresses.
    for (String client : List.of("127.0.0.1", "127.0.0.2")) {
      RawConnection one = new RawConnection(from(client)).send(request);
      held.add(one);
      assertThat(one.read().status()).isEqualTo(200);
    }
    for (int i = 0; i < 10; i++) {
      String client = "127.0.0." + (1 + i);
      try (RawConnection excess = new RawConnection(from(client))) {
        RawConnection.Message answer = excess.read();
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.text()).contains("too many connections from " + client + "\"");
        assertThat(excess.awaitClose()).isLessThanOrEqualTo(0);
      }
    }

    for (InetAddress own : ownAddresses()) {
      try (RawConnection other = new RawConnection(from(own.getHostAddress()))) {
        assertThat(other.send(request).read().status()).isEqualTo(200);
      }
    }
    held.remove(0).close();
    Awaitility.await()
        .ignoreExceptionsInstanceOf(IOException.class)
        .until(
            () -> {
              try (RawConnection next = connect().send(request)) {
                return next.read().status() == 200;
              }
            });
    held.get(0).close();
  }

  private Socket from(String client) throws IOException {
    return new Socket(
        address().getAddress(), address().getPort(), InetAddress.getByName(client), 0);
  }

  @Test
  void aSilentRegistryIsGivenUp() throws Exception {
    registry.on(
        "/v2/",
        r -> new MockResponse.Builder().onResponseStart(SocketEffect.Stall.INSTANCE).build());
    start(config().answerTimeout(SOON), ProxyLimits.DEFAULT, NO_SWARM);

    try (Response response = get("/v2/")) {
      assertThat(response.code()).isEqualTo(504);
    }
  }

  @Test
  void itTellsThatItIsWellAndWhatItHasDone() throws Exception {
    start(config(), ProxyLimits.DEFAULT, NO_SWARM);

    assertThat(body("/healthz")).isEqualTo("ok\n".getBytes());
    assertThat(FakeRegistry.text(body("/metrics")))
        .contains("dragonfly_proxy_requests_total 2")
        .contains("# TYPE dragonfly_proxy_fallbacks_total counter");
    try (RawConnection connection = connect()) {
      RawConnection.Message head =
          connection.send("HEAD /metrics HTTP/1.1\nHost: localhost\n\n").readHead();
      assertThat(head.status()).isEqualTo(200);
      assertThat(head.header("Content-Type")).startsWith("text/plain; version=0.0.4");
      assertThat(Integer.parseInt(head.header("Content-Length"))).isPositive();
      assertThat(connection.send("GET /healthz HTTP/1.1\nHost: localhost\n\n").read().text())
          .isEqualTo("ok\n");
    }
  }
}
