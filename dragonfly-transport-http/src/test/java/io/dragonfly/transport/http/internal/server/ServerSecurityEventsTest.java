package io.dragonfly.transport.http.internal.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.SecurityEvent;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.testkit.FakePieces;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.internal.loop.EventLoops;
import io.dragonfly.transport.http.internal.wire.Wire;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a server tells of clients that want more than one address may have. */
@ExtendWith(LeakCheck.class)
class ServerSecurityEventsTest {
  private static final String HEALTH = "GET /healthz HTTP/1.1\nHost: h\n\n";

  private final FakePieces pieces = new FakePieces();
  private final EventLoops loops = EventLoops.nio(1);
  private final List<SecurityEvent> events = new CopyOnWriteArrayList<>();
  private HttpServer server;

  @AfterEach
  void stop() {
    server.close();
    loops.close();
    pieces.close();
  }

  private void start(int connections) throws IOException {
    ServerLimits usual = ServerLimits.DEFAULT;
    ServerLimits limits =
        new ServerLimits(
            connections,
            1,
            usual.idle(),
            usual.request(),
            usual.send(),
            usual.bodyBytes(),
            usual.checkEvery(),
            usual.handshakes(),
            client -> false);
    InetSocketAddress bind = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
    ServeRequest request =
        ServeRequest.piecesOnly(bind, pieces)
            .withShare(1, client -> false)
            .withSecurity(events::add);
    server = HttpServer.start(loops, request, limits, Optional.empty());
  }

  private void assertEvents(String... about) {
    await()
        .atMost(Duration.ofMinutes(1))
        .untilAsserted(
            () -> assertThat(events).extracting(SecurityEvent::what).containsExactly(about));
    assertThat(events)
        .allMatch(event -> event.kind() == SecurityEvent.Kind.BUDGET_EXCEEDED)
        .allMatch(event -> event.from().equals("127.0.0.1"));
  }

  @Test
  void connectionsAboveTheLimitAreTold() throws Exception {
    start(1);
    try (RawConnection served = RawConnection.to(server.address());
        RawConnection told = RawConnection.to(server.address());
        RawConnection closed = RawConnection.to(server.address())) {
      assertThat(told.send(HEALTH).read().status()).isEqualTo(503);
      assertThat(closed.awaitClose()).isLessThanOrEqualTo(0);
      assertThat(served.send(HEALTH).read().status()).isEqualTo(404);
    }
    await().atMost(Duration.ofMinutes(1)).until(() -> events.size() == 2);
    assertThat(events)
        .extracting(SecurityEvent::what)
        .containsExactlyInAnyOrder("GET /healthz", "connection");
    assertThat(events).allMatch(event -> event.from().equals("127.0.0.1"));
  }

  @Test
  void aLongFirstRequestIsTold() throws Exception {
    start(10);
    try (RawConnection stranger = RawConnection.to(server.address())) {
      String head =
          "POST %s HTTP/1.1\nHost: h\nContent-Length: %d\n\n"
              .formatted(Wire.Call.REGISTER.path(), ServerLimits.STRANGERS_BODY_BYTES + 1);
      assertThat(stranger.send(head).read().status()).isEqualTo(503);
    }
    assertEvents("POST " + Wire.Call.REGISTER.path());
  }
}
