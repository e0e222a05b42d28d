package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.SecurityEvent;
import io.dragonfly.control.SecurityEvent.Kind;
import io.dragonfly.transport.http.RawConnection;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a proxy tells of whom it refuses. */
class ProxySecurityEventsTest extends ProxyTest {
  private static final FakeStreams NO_SWARM = new FakeStreams(new byte[0], 0, null);

  @AfterEach
  void noSecretWasTold() {
    assertThat(events.toString()).doesNotContain("secret");
  }

  private SecurityEvent only(Kind kind) {
    await().until(() -> !events.isEmpty());
    assertThat(events).hasSize(1);
    assertThat(events.get(0).kind()).isEqualTo(kind);
    assertThat(events.get(0).from()).isEqualTo("127.0.0.1");
    assertThat(events.get(0).reason()).isNotEmpty();
    return events.get(0);
  }

  private int status(String request) throws Exception {
    try (RawConnection raw = connect().send(request)) {
      return raw.read().status();
    }
  }

  @Test
  void aHostThatIsNoNameOfTheProxyIsTold() throws Exception {
    start();
    String request =
        "GET /v2/?token=secret HTTP/1.1\nHost: u:secret@evil.test\nAuthorization: secret\n\n";
    assertThat(status(request)).isEqualTo(421);

    assertThat(only(Kind.HOST_REFUSED).what()).isEqualTo("GET /v2/ Host evil.test");
  }

  @Test
  void anAddressThatIsNotReadForOtherMachinesIsTold() throws Exception {
    startForOthers(config(), NO_SWARM);
    String request = "GET http://u:secret@127.0.0.1:1/x?sig=secret HTTP/1.1\nHost: 127.0.0.1:1\n\n";
    assertThat(status(request)).isEqualTo(403);
    assertThat(only(Kind.SOURCE_ADDRESS_REFUSED).what()).isEqualTo("GET http://127.0.0.1:1/x");

    events.clear();
    assertThat(status("CONNECT 127.0.0.1:1 HTTP/1.1\nHost: 127.0.0.1:1\n\n")).isEqualTo(403);
    assertThat(only(Kind.SOURCE_ADDRESS_REFUSED).what()).isEqualTo("CONNECT 127.0.0.1:1");
  }

  @Test
  void aClientThatHasAllConnectionsThatOneMayHaveIsTold() throws Exception {
    start(config().connections(2).connectionsPerClient(1), ProxyLimits.DEFAULT, NO_SWARM);
    try (RawConnection first = connect()) {
      assertThat(first.send("GET /healthz HTTP/1.1\nHost: localhost\n\n").read().status())
          .isEqualTo(200);
      assertThat(status("GET /healthz HTTP/1.1\nHost: localhost\n\n")).isEqualTo(503);
      only(Kind.BUDGET_EXCEEDED);
    }
  }

  @Test
  void whatIsNoMatterOfSecurityIsNotTold() throws Exception {
    start();
    assertThat(status("GET /favicon.ico HTTP/1.1\nHost: localhost\n\n")).isEqualTo(404);
    assertThat(status("GET / HTTP/1.1\nHost: a\nHost: b\n\n")).isEqualTo(400);
    assertThat(events).isEmpty();
  }
}
