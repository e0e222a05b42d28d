package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.LiveFiles;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A supernode with room for next to nothing passes a file on, over real sockets. */
@ExtendWith(LeakCheck.class)
class PassedOnTest {
  private static final int MIB = 1 << 20;

  /** Each question for access and whether it has changed costs a byte. */
  private static final int QUESTIONS = 20;

  @TempDir Path dir;
  private SwarmSource source;
  private Supernode supernode;
  private TestFile file;
  private final List<DistributionClient> clients = new ArrayList<>();

  @BeforeEach
  void start() throws Exception {
    source = new SwarmSource();
    file = source.publish(TestFile.random("file", 24 * MIB));
    supernode =
        new Supernode(
            SupernodeConfig.builder()
                .homeDir(dir.resolve("supernode"))
                .port(0)
                .quotaBytes(MIB)
                .ringBytes(4 * MIB) // one of 24 pieces of 128 KiB takes a quarter
                .build());
    for (int i = 0; i < 4; i++) {
      clients.add(client(i));
    }
  }

  private DistributionClient client(int number) {
    return new DistributionClient(
        ClientConfig.builder()
            .home(dir.resolve("home" + number))
            .supernodes(List.of(supernode.address().orElseThrow()))
            .build());
  }

  @AfterEach
  void close() {
    clients.forEach(DistributionClient::close);
    supernode.close();
    source.close();
  }

  private FetchRequest.Builder request() {
    return FetchRequest.builder(source.url(file));
  }

  private Path out(int number) {
    return dir.resolve("out" + number);
  }

  private List<FetchResult> fetch(int first, int end) throws Exception {
    List<Fetch> fetches = new ArrayList<>();
    for (int i = first; i < end; i++) {
      fetches.add(clients.get(i).start(request().output(out(i)).build()));
    }
    List<FetchResult> results = new ArrayList<>();
    for (int i = first; i < end; i++) {
      results.add(fetches.get(i - first).completion().get(60, TimeUnit.SECONDS));
      assertThat(file.hasSameBytes(out(i))).isTrue();
    }
    return results;
  }

  @Test
  void fourPeersAndALateOneCostTheSourceOneCopy() throws Exception {
    fetch(0, 4);
    assertThat(source.bytesServed()).isLessThanOrEqualTo(file.length() + QUESTIONS);
    clients.add(client(4));

    FetchResult late = fetch(4, 5).get(0);

    assertThat(late.bytesFromPeers()).isGreaterThan(20L * MIB);
    assertThat(source.bytesServed()).isLessThanOrEqualTo(file.length() + QUESTIONS);
    assertThat(LiveFiles.below(dir.resolve("supernode/tasks"))).isEmpty();
  }

  @Test
  void aReaderThatReadsNothingHoldsNobodyUp() throws Exception {
    try (InputStream slow = clients.get(0).open(request().build())) {
      fetch(1, 4);
      assertThat(slow.readAllBytes()).isEqualTo(file.bytes());
    }
    assertThat(source.bytesServed()).isLessThanOrEqualTo(file.length() + QUESTIONS);
  }
}
