package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.spi.Requester;
import io.dragonfly.transport.http.RawConnection;
import java.io.IOException;
import java.net.InetAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.regex.Pattern;
import mockwebserver3.MockResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What clients of other machines do not reach through the proxy. */
class OtherMachinesTest extends ProxyTest {
  private static final byte[] BLOB = FakeRegistry.bytes(100_000, 1);

  private FakeRegistry inner;
  private final FakeStreams swarm = new FakeStreams(BLOB, BLOB.length, null);

  @BeforeEach
  void startInner() throws IOException {
    inner = new FakeRegistry();
  }

  @AfterEach
  void stopInner() {
    inner.close();
  }

  private int status(String line) throws IOException {
    try (RawConnection raw = connect().send(line + " HTTP/1.1\nHost: localhost\n\n")) {
      return raw.read().status();
    }
  }

  @Test
  void nothingOnThisMachineIsReachedButARegistryOfTheSettings() throws Exception {
    String blob = inner.blob(BLOB);
    registry.blob(BLOB);
    startForOthers(config(), swarm);

    assertThat(status("CONNECT " + inner.authority())).isEqualTo(403);
    assertThat(status("CONNECT localhost:" + inner.server.getPort())).isEqualTo(403);
    assertThat(status("GET " + inner.url("/page"))).isEqualTo(403);
    assertThat(status("GET " + inner.url(blob))).isEqualTo(403);
    assertThat(status("GET http://localhost:" + inner.server.getPort() + blob)).isEqualTo(403);
    assertThat(status("GET " + blob + "?ns=" + inner.authority())).isEqualTo(403);
    assertThat(status("GET /v2/?ns=" + inner.authority())).isEqualTo(403);
    assertThat(inner.requests).isEmpty();
    assertThat(swarm.requests).isEmpty();
    assertThat(counts().refused()).isEqualTo(7);

    assertThat(body("/v2/")).isEqualTo("{}".getBytes());
    assertThat(body(blob)).isEqualTo(BLOB);
    assertThat(body(blob + "?ns=" + registry.authority())).isEqualTo(BLOB);
    assertThat(status("GET " + registry.url(blob))).isEqualTo(200);
    assertThat(counts().p2pRequests()).isEqualTo(3);
  }

  @Test
  void anInterceptedTunnelDoesNotReachItEither() throws Exception {
    startForOthers(
        config().intercept(Pattern.compile("127\\..*")).caFile(dir.resolve("ca.pem")), swarm);

    assertThat(status("CONNECT " + inner.authority())).isEqualTo(403);
    assertThat(inner.requests).isEmpty();
  }

  /** Here a farther proxy stands for a registry on another machine. */
  @Test
  void aRedirectDoesNotLeadThereWhicheverWayTheRequestTakes() throws Exception {
    String blob = inner.blob(BLOB);
    List<FetchRequest> swarmAsked = new CopyOnWriteArrayList<>();
    String to = inner.url(blob);
    registry.on(blob, r -> new MockResponse.Builder().code(307).addHeader("Location", to).build());
    startForOthers(
        config().environment(Map.of("http_proxy", registry.url(""), "no_proxy", "127.0.0.1")),
        request -> {
          swarmAsked.add(request);
          throw new IllegalStateException("no swarm");
        });

    assertThat(status("GET http://192.0.2.1" + blob)).isEqualTo(403);
    assertThat(registry.requests).hasSize(1);
    assertThat(inner.requests).isEmpty();
    // It would read with this machine's rights, and follow a redirect itself.
    assertThat(swarmAsked).isEmpty();
  }

  /** A farther proxy stands for the private networks: none is connected to. */
  @Test
  void aClientWithAPublicAddressReachesNoPrivateNetwork() throws Exception {
    elsewhere = Requester.PUBLIC_NETWORK;
    String farther = registry.url("");
    startForOthers(
        config().environment(Map.of("http_proxy", farther, "https_proxy", farther)), swarm);

    assertThat(status("GET http://10.1.2.3/v2/")).isEqualTo(403);
    assertThat(status("GET /v2/?ns=192.168.1.2:5000")).isEqualTo(403);
    assertThat(status("CONNECT 172.16.1.2:443")).isEqualTo(403);
    assertThat(status("CONNECT [fd00::1]:443")).isEqualTo(403);
    assertThat(registry.requests).isEmpty();
    assertThat(status("GET http://198.51.100.7/v2/")).isEqualTo(200);

    elsewhere = Requester.PRIVATE_NETWORK;
    assertThat(status("GET http://10.1.2.3/v2/")).isEqualTo(200);
  }

  @Test
  void aNameOfAPrivateAddressDoesNotHelpAPublicClient() throws Exception {
    elsewhere = Requester.PUBLIC_NETWORK;
    dns = host -> List.of(InetAddress.getByName("10.1.2.3"));
    startForOthers(config(), swarm);

    assertThat(status("GET http://inner.test:5000/v2/")).isEqualTo(403);
    assertThat(status("GET http://inner.test:5000/v2/a/blobs/sha256:" + "ab".repeat(32)))
        .isEqualTo(403);
    assertThat(status("CONNECT inner.test:443")).isEqualTo(403);
    assertThat(swarm.requests).isEmpty();
  }

  @Test
  void whereAClientIsFollowsFromItsAddress() throws Exception {
    assertThat(ProxyServer.requester(InetAddress.getLoopbackAddress()))
        .isEqualTo(Requester.THIS_MACHINE);
    assertThat(ProxyServer.requester(InetAddress.getByName("10.254.253.252")))
        .isEqualTo(Requester.PRIVATE_NETWORK);
    assertThat(ProxyServer.requester(InetAddress.getByName("198.51.100.7")))
        .isEqualTo(Requester.PUBLIC_NETWORK);
  }

  @Test
  void noFartherProxyIsAskedForAnAddressOfThisMachine() throws Exception {
    startForOthers(config().environment(Map.of("https_proxy", registry.url(""))), swarm);

    assertThat(status("CONNECT 169.254.169.254:443")).isEqualTo(403);
    assertThat(registry.requests).isEmpty();
  }
}
