package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.spi.Requester;
import io.dragonfly.transport.http.RawConnection;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
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

  /** A container behind a bridge or masquerading has such an address, too. */
  @Test
  void aClientWithAnotherAddressOfThisMachineIsOneOfAnotherMachine() throws Exception {
    List<InetAddress> own = ownAddresses();
    assumeTrue(!own.isEmpty());
    String blob = inner.blob(BLOB);
    Path logins =
        Files.writeString(
            dir.resolve("config.json"),
            "{\"auths\":{\"%s\":{\"auth\":\"Ym90OnB3\"}}}".formatted(registry.authority()));
    registry.authorization = "Basic Ym90OnB3";
    registry.challenge = "Basic realm=\"lab\"";
    registry.manifest("1", "{}".getBytes());
    start(
        config().listen(new InetSocketAddress("0.0.0.0", 0)).dockerConfig(logins),
        ProxyLimits.DEFAULT,
        swarm);

    for (InetAddress from : own) {
      assertThat(status(from, "CONNECT " + inner.authority())).isEqualTo(403);
      assertThat(status(from, "CONNECT 169.254.169.254:80")).isEqualTo(403);
      assertThat(status(from, "GET " + inner.url(blob))).isEqualTo(403);
      assertThat(status(from, "GET /v2/lab/app/manifests/1")).isEqualTo(401);
    }
    assertThat(inner.requests).isEmpty();
    InetAddress loopback = InetAddress.getLoopbackAddress();
    assertThat(status(loopback, "GET /v2/lab/app/manifests/1")).isEqualTo(200);
    assertThat(status(loopback, "GET " + inner.url(blob))).isEqualTo(200);
  }

  private int status(InetAddress from, String line) throws IOException {
    InetSocketAddress to = new InetSocketAddress(from, address().getPort());
    try (RawConnection raw = RawConnection.to(to, from)) {
      return raw.send(line + " HTTP/1.1\nHost: localhost\n\n").read().status();
    }
  }

  @Test
  void noFartherProxyIsAskedForAnAddressOfThisMachine() throws Exception {
    startForOthers(config().environment(Map.of("https_proxy", registry.url(""))), swarm);

    assertThat(status("CONNECT 169.254.169.254:443")).isEqualTo(403);
    assertThat(registry.requests).isEmpty();
  }
}
