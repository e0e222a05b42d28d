package io.dragonfly.transport.http.internal.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.transport.http.proxy.ProxyConfig;
import java.time.Duration;
import java.util.List;
import mockwebserver3.MockResponse;
import okhttp3.Request;
import okhttp3.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What everybody could read is there for a while although its registry is not. */
class OfflineTest extends ProxyTest {
  private static final byte[] MANIFEST = "{\"schemaVersion\":2}".getBytes(UTF_8);

  private final byte[] blob = FakeRegistry.bytes(MIB, 1);

  private ClientConfig.Builder peerConfig(String home) {
    return ClientConfig.builder().home(dir.resolve(home)).offlineTtl(Duration.ofHours(1));
  }

  private void fail(int status) {
    if (status == 0) {
      registry.server.close();
      return;
    }
    for (String path : registry.paths()) {
      registry.on(path, r -> new MockResponse.Builder().code(status).build());
    }
  }

  private int status(String path, String... headers) throws Exception {
    try (Response response = get(path, headers)) {
      return response.code();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 502, 503, 504})
  void whatADigestNamesIsServedWhileTheRegistryCannotBeReached(int failure) throws Exception {
    String manifest = registry.manifest("1", MANIFEST);
    String layer = registry.blob(blob);
    try (DistributionClient peer = new DistributionClient(peerConfig("home").build())) {
      start(config(), ProxyLimits.DEFAULT, peer::stream);
      assertThat(status("/v2/")).isEqualTo(200);
      assertThat(body(manifest)).isEqualTo(MANIFEST);
      assertThat(body(layer)).isEqualTo(blob);
      fail(failure);

      assertThat(FakeRegistry.text(body("/v2/"))).isEqualTo("{}");
      try (Response response = get(manifest)) {
        assertThat(response.header("Content-Type")).isEqualTo(FakeRegistry.MANIFEST_TYPE);
        assertThat(response.body().bytes()).isEqualTo(MANIFEST);
      }
      try (Response response =
          client.newCall(new Request.Builder().url(url(manifest)).head().build()).execute()) {
        assertThat(response.code()).isEqualTo(200);
        assertThat(response.header("Content-Length")).isEqualTo("" + MANIFEST.length);
      }
      assertThat(body(layer)).isEqualTo(blob);
      assertThat(status("/v2/lab/app/manifests/1")).isEqualTo(failure == 0 ? 502 : failure);

      advance(Duration.ofHours(1).plusSeconds(1));
      assertThat(status("/v2/")).isEqualTo(failure == 0 ? 502 : failure);
      assertThat(status(manifest)).isEqualTo(failure == 0 ? 502 : failure);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 404, 500})
  void aRegistryThatSaysNoIsNotUnreachable(int status) throws Exception {
    String manifest = registry.manifest("1", MANIFEST);
    String layer = registry.blob(blob);
    try (DistributionClient peer = new DistributionClient(peerConfig("home").build())) {
      start(config(), ProxyLimits.DEFAULT, peer::stream);
      assertThat(status("/v2/")).isEqualTo(200);
      assertThat(body(manifest)).isEqualTo(MANIFEST);
      assertThat(body(layer)).isEqualTo(blob);
      fail(status);

      for (String path : List.of("/v2/", manifest, layer)) {
        assertThat(status(path)).as(path).isEqualTo(status);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403, 404, 410})
  void whatTheRegistryHasRefusedIsNotServedAnyMore(int status) throws Exception {
    String manifest = registry.manifest("1", MANIFEST);
    String layer = registry.blob(blob);
    List<String> paths = List.of("/v2/", manifest, layer);
    try (DistributionClient peer = new DistributionClient(peerConfig("home").build())) {
      start(config(), ProxyLimits.DEFAULT, peer::stream);
      for (String path : paths) {
        assertThat(status(path)).as(path).isEqualTo(200);
      }
      fail(status);
      for (String path : paths) {
        assertThat(status(path)).as(path).isEqualTo(status);
      }
      fail(503);

      for (String path : paths) {
        assertThat(status(path)).as(path).isEqualTo(503);
      }
    }
  }

  @Test
  void whatNeededALoginIsNotServed() throws Exception {
    String manifest = registry.manifest("1", MANIFEST);
    String layer = registry.blob(blob);
    registry.authorization = "Basic YTpi";
    registry.challenge = "Basic realm=\"lab\"";
    String[] login = {"Authorization", "Basic YTpi"};
    try (DistributionClient peer = new DistributionClient(peerConfig("home").build())) {
      start(config(), ProxyLimits.DEFAULT, peer::stream);
      assertThat(status("/v2/", login)).isEqualTo(200);
      assertThat(body(manifest, login)).isEqualTo(MANIFEST);
      assertThat(body(layer, login)).isEqualTo(blob);
      fail(0);

      for (String path : List.of("/v2/", manifest, layer)) {
        assertThat(status(path, login)).as(path).isEqualTo(502);
        assertThat(status(path)).as(path).isEqualTo(502);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Cookie", "PRIVATE-TOKEN", "X-JFrog-Art-Api"})
  void whatWasAskedForWithAHeaderThatMayBeALoginIsNotServed(String header) throws Exception {
    String manifest = registry.manifest("1", MANIFEST);
    String layer = registry.blob(blob);
    String[] login = {header, "alice"};
    try (DistributionClient peer = new DistributionClient(peerConfig("home").build())) {
      start(config(), ProxyLimits.DEFAULT, peer::stream);
      assertThat(status("/v2/", login)).isEqualTo(200);
      assertThat(body(manifest, login)).isEqualTo(MANIFEST);
      assertThat(body(layer, login)).isEqualTo(blob);
      fail(0);

      for (String path : List.of("/v2/", manifest, layer)) {
        assertThat(status(path, login)).as(path).isEqualTo(502);
        assertThat(status(path)).as(path).isEqualTo(502);
      }
    }
  }

  @Test
  void noneIsServedWithoutTheSetting() throws Exception {
    String layer = registry.blob(blob);
    ClientConfig never = peerConfig("home").offlineTtl(Duration.ZERO).build();
    try (DistributionClient peer = new DistributionClient(never)) {
      start(config().offlineTtl(Duration.ZERO), ProxyLimits.DEFAULT, peer::stream);
      assertThat(status("/v2/")).isEqualTo(200);
      assertThat(body(layer)).isEqualTo(blob);
      fail(0);

      assertThat(status("/v2/")).isEqualTo(502);
      assertThat(status(layer)).isEqualTo(502);
    }
  }

  /** The second host has never asked the registry: it gets the layer from the first one. */
  @Test
  void theSwarmGivesItToHostsThatDoNotHaveIt() throws Exception {
    String layer = registry.blob(blob);
    ProxyConfig.Builder one = config();
    try (Supernode supernode =
            new Supernode(
                SupernodeConfig.builder().homeDir(dir.resolve("supernode")).port(0).build());
        DistributionClient first = peer(supernode, "home1");
        DistributionClient second = peer(supernode, "home2")) {
      start(one, ProxyLimits.DEFAULT, first::stream);
      assertThat(body(layer)).isEqualTo(blob);
      proxy.close();
      start(config(), ProxyLimits.DEFAULT, second::stream);
      fail(0);

      assertThat(body(layer)).isEqualTo(blob);
      assertThat(counts().fallbacks()).isZero();
    }
  }

  private DistributionClient peer(Supernode supernode, String home) {
    return new DistributionClient(
        peerConfig(home).supernodes(List.of(supernode.address().orElseThrow())).build());
  }
}
