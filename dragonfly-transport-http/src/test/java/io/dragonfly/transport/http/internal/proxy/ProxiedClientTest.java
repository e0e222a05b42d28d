package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.RawConnection;
import java.io.IOException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Clients that come through a proxy which names them by the PROXY protocol. */
@ExtendWith(LeakCheck.class)
class ProxiedClientTest extends ProxyTest {
  private FakeRegistry inner;

  @BeforeEach
  void startInner() throws IOException {
    inner = new FakeRegistry();
  }

  @AfterEach
  void stopInner() {
    inner.close();
  }

  private int status(String client) throws IOException {
    String request = "GET %s HTTP/1.1\nHost: localhost\n\n".formatted(inner.url("/page"));
    try (RawConnection raw = connect()) {
      return raw.send("PROXY TCP4 %s 192.0.2.1 1 2\n".formatted(client) + request).read().status();
    }
  }

  /** Through a proxy on this machine every client would look like this machine. */
  @Test
  void whatIsOnThisMachineIsReachedByClientsOfThisMachineAlone() throws Exception {
    start(config().trustedProxy("127.0.0.0/8"));
    assertThat(status("198.51.100.7")).isEqualTo(403);
    assertThat(inner.requests).isEmpty();
    assertThat(status("127.0.0.1")).isNotEqualTo(403);
    assertThat(inner.requests).hasSize(1);
  }

  /** A half is left for other clients, whichever loopback addresses the others have. */
  @Test
  void allLoopbackAddressesShareTheConnectionsOfOneClient() throws Exception {
    start(config().trustedProxy("127.0.0.0/8").connections(6).connectionsPerClient(2));
    String request = " 1 2\nGET /healthz HTTP/1.1\nHost: localhost\n\n";
    try (RawConnection far = connect().send("PROXY TCP4 198.51.100.7 192.0.2.1" + request);
        RawConnection one = connect().send("PROXY TCP4 127.0.0.1 127.0.0.1" + request)) {
      assertThat(far.read().status()).isEqualTo(200);
      assertThat(one.read().status()).isEqualTo(200);
      try (RawConnection two = connect().send("PROXY TCP6 ::1 ::1" + request)) {
        assertThat(two.read().status()).isEqualTo(200);
        try (RawConnection three = connect()) {
          assertThat(three.read().status()).isEqualTo(503);
        }
      }
    }
  }

  @Test
  void whoIsNoTrustedProxyNamesNobody() throws Exception {
    start();
    try (RawConnection raw = connect()) {
      raw.send("PROXY TCP4 127.0.0.1 127.0.0.1 1 2\n");
      assertThat(raw.awaitClose()).isLessThanOrEqualTo(0);
    }
  }

  @Test
  void aTrustedProxyThatNamesNobodyIsCutOff() throws Exception {
    start(config().trustedProxy("127.0.0.0/8"));
    try (RawConnection raw = connect()) {
      raw.send("GET /v2/ HTTP/1.1\nHost: localhost\n\n");
      assertThat(raw.awaitClose()).isLessThanOrEqualTo(0);
    }
  }
}
