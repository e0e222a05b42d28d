package io.dragonfly;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.fetch.FetchResult;
import io.dragonfly.testkit.FakeNetwork;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.FakeTransport;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SwarmFetchTest {
  private static final URI URI_A = URI.create("https://source.test/a");

  @TempDir Path dir;

  @Test
  void aFileComesFromTheSupernode() throws Exception {
    byte[] bytes = new byte[10 << 20];
    new Random(1).nextBytes(bytes);
    FakeNetwork network = new FakeNetwork();
    try (FakeSupernode supernode = new FakeSupernode(network);
        FakeTransport transport = new FakeTransport(network);
        DistributionClient client =
            new DistributionClient(
                ClientConfig.builder()
                    .homeDir(dir.resolve("home"))
                    .supernodes(List.of(supernode.address()))
                    .transport(transport)
                    .rateLimiter(new io.dragonfly.testkit.UnlimitedRates())
                    .build())) {
      supernode.put(URI_A, bytes);
      FetchResult result = client.fetch(URI_A.toString(), dir.resolve("out"));
      assertThat(dir.resolve("out")).hasBinaryContent(bytes);
      assertThat(result.bytesFromSupernode()).isEqualTo(bytes.length);
    }
  }
}
