package io.dragonfly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.control.PreheatRequest;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.StorageException;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.home.CachedTask;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import io.dragonfly.testkit.FakeNetwork;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.FakeTransport;
import io.dragonfly.testkit.FirstComeScheduler;
import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A supernode and clients that know each other by a join token. */
@ExtendWith(LeakCheck.class)
class FleetTest {
  private static final URI FILE = URI.create("fake://host/file");

  @TempDir private Path dir;
  private final FakeSource source = new FakeSource();

  /** What the clients themselves would ask. */
  private final FakeSource unasked = new FakeSource();

  private final FakeNetwork network = new FakeNetwork();
  private final byte[] content = new byte[1 << 20];
  private Path token;

  @BeforeEach
  void publish() throws IOException {
    new Random(1).nextBytes(content);
    source.put(FILE, content).allow(FILE, "password");
    token = Files.writeString(dir.resolve("token"), "0123456789abcdef".repeat(2));
  }

  private SupernodeConfig.Builder supernode(FakeTransport transport) {
    return SupernodeConfig.builder()
        .homeDir(dir.resolve("supernode"))
        .port(0)
        .transport(transport)
        .scheduler(new FirstComeScheduler())
        .source("fake", source)
        .joinTokenFile(token);
  }

  private ClientConfig.Builder client(FakeTransport transport, Supernode supernode, String name) {
    return ClientConfig.builder()
        .home(dir.resolve(name))
        .transport(transport)
        .supernodes(List.of(supernode.address().orElseThrow()))
        .source("fake", unasked);
  }

  private FetchRequest.Builder request(String output) {
    return FetchRequest.builder(FILE).output(dir.resolve(output));
  }

  private static PreheatRequest preheat() {
    return new PreheatRequest.File(
        ContentRequest.of(FILE).withHeaders(Headers.NONE.with("Authorization", "password")));
  }

  @Test
  void whoHasTheTokenFetchesAndNobodyElse() {
    try (FakeTransport transport = new FakeTransport(network);
        Supernode supernode = new Supernode(supernode(transport).build());
        DistributionClient member =
            new DistributionClient(
                client(transport, supernode, "member").joinTokenFile(token).build());
        DistributionClient stranger =
            new DistributionClient(client(transport, supernode, "stranger").build())) {
      FetchRequest request = request("a").header("Authorization", "password").build();
      member.fetch(request);
      assertThat(dir.resolve("a")).hasBinaryContent(content);

      assertThatThrownBy(() -> stranger.fetch(request))
          .isInstanceOf(CallRefusedException.class)
          .hasMessageContaining("--join-token-file");
    }
  }

  @Test
  void whatIsPushedComesWithoutCredentialsAndIsForNobodyElse() {
    try (FakeTransport transport = new FakeTransport(network);
        Supernode supernode = new Supernode(supernode(transport).build());
        DistributionClient client =
            new DistributionClient(
                client(transport, supernode, "peer")
                    .joinTokenFile(token)
                    .acceptsPreheats(true)
                    .build())) {
      ClientFixture.await(() -> supernode.admin().peers().join().size() == 1);

      supernode.admin().preheat(preheat(), List.of("all")).join();

      ClientFixture.await(() -> client.tasks().stream().anyMatch(CachedTask::isComplete));
      assertThat(unasked.probes()).isZero();
      assertThat(unasked.opened()).isEmpty();
      // Who fetches it here has the source asked, with his own credentials.
      assertThatThrownBy(() -> client.fetch(request("stolen").build()))
          .isInstanceOf(AccessRefusedException.class);
      long read = source.bytesRead();
      client.fetch(request("a").header("Authorization", "password").build());
      assertThat(dir.resolve("a")).hasBinaryContent(content);
      assertThat(source.bytesRead()).isEqualTo(read);
    }
  }

  @Test
  void aTokenThatCannotBeReadIsSaidAtTheStart() throws Exception {
    Files.writeString(token, "short");
    try (FakeTransport transport = new FakeTransport(network)) {
      assertThatThrownBy(() -> new Supernode(supernode(transport).build()))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining(token.toString());
      ClientConfig config =
          ClientConfig.builder().home(dir.resolve("peer")).joinTokenFile(token).build();
      assertThatThrownBy(() -> new DistributionClient(config))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining("32 characters");
    }
  }
}
