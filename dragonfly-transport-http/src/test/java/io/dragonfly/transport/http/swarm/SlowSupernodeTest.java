package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Supernodes that are slow, or have no room. */
@Timeout(120)
class SlowSupernodeTest {
  @TempDir Path dir;

  @Tag("slow")
  @Test
  void oneThatTakesASecondForEachAnswerStillBringsTheFile() throws Exception {
    List<AutoCloseable> open = new ArrayList<>();
    try (Swarm swarm = Swarm.start(dir, 0)) {
      TestFile file = swarm.source().publish(TestFile.random("file", 4 << 20));
      List<Fetch> fetches = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        DelayedTransport transport = new DelayedTransport(Duration.ofSeconds(1));
        DistributionClient client =
            new DistributionClient(swarm.config(i).transport(transport).build());
        open.add(transport);
        open.add(0, client);
        fetches.add(client.start(swarm.request(file, i).build()));
      }

      for (Fetch fetch : fetches) {
        fetch.completion().get(60, TimeUnit.SECONDS);
      }

      assertThat(swarm.copies(file)).hasSize(3).allMatch(file::hasSameBytes);
      for (AutoCloseable each : open) {
        each.close();
      }
    }
  }

  @Test
  void oneWithoutRoomHandsTheFileOnAllTheSame() throws Exception {
    try (SwarmSource source = new SwarmSource();
        Supernode full =
            new Supernode(
                SupernodeConfig.builder()
                    .homeDir(dir.resolve("supernode"))
                    .port(0)
                    .reserveBytes(Long.MAX_VALUE / 2)
                    .build());
        DistributionClient client =
            new DistributionClient(
                ClientConfig.builder()
                    .home(dir.resolve("home"))
                    .supernodes(List.of(full.address().orElseThrow()))
                    .build())) {
      TestFile file = source.publish(TestFile.random("file", 1 << 20));
      Path output = dir.resolve("out");
      FetchRequest request = FetchRequest.builder(source.url(file)).output(output).build();

      client.start(request).completion().get(60, TimeUnit.SECONDS);

      assertThat(file.hasSameBytes(output)).isTrue();
    }
  }

  @Test
  void ofTwoTheOtherTakesOverWhenOneEndsInTheMiddle() throws Exception {
    List<Supernode> both = List.of(supernode("one"), supernode("two"));
    try (SwarmSource source = new SwarmSource()) {
      TestFile file = source.publish(TestFile.random("file", 8 << 20).slow(4 << 20));
      List<DistributionClient> clients = new ArrayList<>();
      List<Fetch> fetches = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        ClientConfig config =
            ClientConfig.builder()
                .home(dir.resolve("home" + i))
                .supernodes(both.stream().map(s -> s.address().orElseThrow()).toList())
                .build();
        clients.add(new DistributionClient(config));
        fetches.add(
            clients
                .get(i)
                .start(
                    FetchRequest.builder(source.url(file)).output(dir.resolve("out" + i)).build()));
      }
      Awaitility.await()
          .atMost(30, TimeUnit.SECONDS)
          .until(() -> fetches.get(0).progress().bytes() > 0);

      // The one that they met at.
      int first = both.get(0).admin().status().get(10, TimeUnit.SECONDS).peers() > 0 ? 0 : 1;
      both.get(first).close();

      for (int i = 0; i < 2; i++) {
        fetches.get(i).completion().get(60, TimeUnit.SECONDS);
        assertThat(file.hasSameBytes(dir.resolve("out" + i))).isTrue();
      }
      clients.forEach(DistributionClient::close);
    }
    both.forEach(Supernode::close);
  }

  private Supernode supernode(String name) {
    return new Supernode(SupernodeConfig.builder().homeDir(dir.resolve(name)).port(0).build());
  }
}
