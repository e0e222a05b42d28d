package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import java.time.Duration;
import java.util.List;
import mockwebserver3.MockResponse;
import org.junit.jupiter.api.Test;

/** What a pull gets from the registry because the swarm is late is there for the next pull. */
class KeptFallbackTest extends ProxyTest {
  private final byte[] blob = FakeRegistry.bytes(2 * MIB, 1);

  /**
   * The registry falls silent for the supernode, which keeps waiting for it, and for nobody else.
   */
  @Test
  void aSwarmThatIsLateCostsOneReadOfWhatIsMissing() throws Exception {
    String path = registry.blob(blob);
    HeldBody half = new HeldBody(blob, 600_000);
    registry.on(
        path,
        r ->
            r.getHeaders().get("Range") == null
                ? new MockResponse.Builder().body(half).build()
                : null);
    try (Supernode supernode =
            new Supernode(
                SupernodeConfig.builder().homeDir(dir.resolve("supernode")).port(0).build());
        DistributionClient peer =
            new DistributionClient(
                ClientConfig.builder()
                    .home(dir.resolve("home"))
                    .supernodes(List.of(supernode.address().orElseThrow()))
                    .build())) {
      start(config().patience(Duration.ofSeconds(1)), ProxyLimits.DEFAULT, peer::stream);

      assertThat(body(path)).isEqualTo(blob);
      assertThat(counts().fallbacks()).isPositive();
      assertThat(counts().p2pBytes() + counts().directBytes()).isEqualTo(blob.length);
      int before = registry.requests.size();
      assertThat(body(path)).isEqualTo(blob);

      assertThat(registry.requests.subList(before, registry.requests.size()))
          .allSatisfy(r -> assertThat(r.getHeaders().get("Range")).isEqualTo("bytes=0-0"));
    } finally {
      half.rest().countDown();
    }
  }
}
