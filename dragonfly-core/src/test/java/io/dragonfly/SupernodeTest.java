package io.dragonfly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.ListenException;
import io.dragonfly.error.StorageException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.peer.PeerId;
import io.dragonfly.rate.Rate;
import io.dragonfly.testkit.FakeNetwork;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.FakeTransport;
import io.dragonfly.testkit.FirstComeScheduler;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import io.dragonfly.testkit.UnlimitedRates;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class SupernodeTest {
  private static final URI FILE = URI.create("fake://host/file");

  @TempDir private Path dir;
  private final FakeSource source = new FakeSource();
  private final FakeNetwork network = new FakeNetwork();

  private SupernodeConfig.Builder supernode() {
    return SupernodeConfig.builder()
        .homeDir(dir.resolve("supernode"))
        .scheduler(new FirstComeScheduler())
        .source("fake", source);
  }

  private ClientConfig.Builder client(FakeTransport transport, String name) {
    return ClientConfig.builder()
        .home(dir.resolve(name))
        .transport(transport)
        .source("fake", source);
  }

  private static byte[] bytes(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  @Test
  void clientsInTheSameProcessNeedNoSocketAndNoTransportOfTheSupernode() {
    byte[] content = bytes(5 << 20);
    source.put(FILE, content);
    try (Supernode supernode = new Supernode(supernode().build());
        FakeTransport transport = new FakeTransport(network);
        DistributionClient one =
            new DistributionClient(client(transport, "one").supernode(supernode).build());
        DistributionClient two =
            new DistributionClient(client(transport, "two").supernode(supernode).build())) {
      assertThat(supernode.address()).isEmpty();
      FetchResult first = one.fetch(FILE.toString(), dir.resolve("a"));
      FetchResult second = two.fetch(FILE.toString(), dir.resolve("b"));

      assertThat(dir.resolve("a")).hasBinaryContent(content);
      assertThat(dir.resolve("b")).hasBinaryContent(content);
      assertThat(first.bytesFromSupernode()).isEqualTo(content.length);
      assertThat(second.bytesFromPeers() + second.bytesFromSupernode()).isEqualTo(content.length);
      assertThat(second.bytesFromPeers()).isPositive();
      assertThat(source.bytesRead()).isEqualTo(content.length);
      assertThat(source.probes()).isEqualTo(2); // of the second, and at the end of the read
    }
  }

  @Test
  void whatComesFromASupernodeInThisProcessCrossesNoNetwork() {
    byte[] content = bytes(1 << 20);
    source.put(FILE, content);
    try (Supernode supernode = new Supernode(supernode().build());
        FakeTransport transport = new FakeTransport(network);
        DistributionClient client =
            new DistributionClient(
                client(transport, "one")
                    .supernode(supernode)
                    .downloadRate(Rate.LEAST_LIMIT)
                    .totalRate(Rate.LEAST_LIMIT)
                    .limitDir(dir)
                    .build())) {
      FetchRequest request = FetchRequest.builder(FILE).output(dir.resolve("a")).build();
      assertThat(client.start(request).completion()).succeedsWithin(Duration.ofSeconds(20));
    }
  }

  @Test
  void sourcesAreReadAtTheSourceRateWhichCanBeChanged() {
    source.put(FILE, bytes(1 << 20));
    try (Supernode supernode = new Supernode(supernode().sourceRate(Rate.LEAST_LIMIT).build());
        FakeTransport transport = new FakeTransport(network);
        DistributionClient client =
            new DistributionClient(client(transport, "one").supernode(supernode).build())) {
      Fetch fetch = client.start(FetchRequest.builder(FILE).output(dir.resolve("a")).build());
      await().until(() -> source.bytesRead() > 64 << 10); // a first burst
      assertThat(source.bytesRead()).isLessThan(256 << 10);
      supernode.setUploadRate(Optional.of(Rate.ofBytes(100 << 20)));
      supernode.setSourceRate(Optional.empty());
      assertThat(fetch.completion()).succeedsWithin(Duration.ofSeconds(20));
    }
  }

  @Test
  void manyClientsElsewhereCostTheSourceOneCopy() {
    byte[] content = bytes(20 << 20);
    source.put(FILE, content);
    try (FakeTransport transport = new FakeTransport(network);
        Supernode supernode = new Supernode(supernode().port(0).transport(transport).build())) {
      InetSocketAddress address = supernode.address().orElseThrow();
      assertThat(address.getPort()).isPositive();
      List<DistributionClient> clients = new ArrayList<>();
      try {
        List<CompletableFuture<FetchResult>> fetches = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
          DistributionClient client =
              new DistributionClient(
                  client(transport, "peer" + i).supernodes(List.of(address)).build());
          clients.add(client);
          FetchRequest request =
              FetchRequest.builder(FILE.toString()).output(dir.resolve("copy" + i)).build();
          fetches.add(client.start(request).completion());
        }
        for (int i = 0; i < 8; i++) {
          FetchResult result = fetches.get(i).join();
          assertThat(dir.resolve("copy" + i)).hasBinaryContent(content);
          assertThat(result.bytesFromPeers() + result.bytesFromSupernode())
              .isEqualTo(content.length);
        }
      } finally {
        clients.forEach(DistributionClient::close);
      }
    }
    assertThat(source.opened()).hasSize(1);
    assertThat(source.bytesRead()).isEqualTo(content.length);
    assertThat(source.probes()).isLessThanOrEqualTo(8);
  }

  @Test
  void smallAndEmptyAndUnknownLengthsArriveToo() {
    try (Supernode supernode = new Supernode(supernode().build());
        FakeTransport transport = new FakeTransport(network);
        DistributionClient client =
            new DistributionClient(client(transport, "one").supernode(supernode).build())) {
      for (int length : new int[] {0, 1, 64 << 10, (64 << 10) + 1, (4 << 20) - 1}) {
        for (boolean isKnown : new boolean[] {true, false}) {
          URI uri = URI.create("fake://host/" + length + isKnown);
          byte[] content = bytes(length);
          source.put(uri, content);
          if (!isKnown) {
            source.withoutLength(uri);
          }
          Path output = dir.resolve(length + "-" + isKnown);
          FetchResult result = client.fetch(uri.toString(), output);
          assertThat(output).hasBinaryContent(content);
          assertThat(result.bytesFromSupernode()).isEqualTo(length);
        }
      }
    }
  }

  @Test
  void theSourcesRefusalReachesTheOneWhoIsRefused() {
    source.put(FILE, bytes(3 << 20)).allow(FILE, "alice");
    try (Supernode supernode = new Supernode(supernode().build());
        FakeTransport transport = new FakeTransport(network);
        DistributionClient client =
            new DistributionClient(client(transport, "one").supernode(supernode).build())) {
      FetchRequest alice =
          FetchRequest.builder(FILE.toString())
              .header("Authorization", "alice")
              .output(dir.resolve("a"))
              .build();
      client.fetch(alice);
      assertThatThrownBy(() -> client.fetch(FILE.toString(), dir.resolve("b")))
          .isInstanceOfSatisfying(
              AccessRefusedException.class, e -> assertThat(e.status()).isEqualTo(401));
      assertThat(dir.resolve("b")).doesNotExist();
    }
  }

  @Test
  void whatOneProcessHasReadTheNextOneHas() {
    byte[] content = bytes(3 << 20);
    source.put(FILE, content);
    PeerId id;
    try (Supernode supernode = new Supernode(supernode().build());
        FakeTransport transport = new FakeTransport(network);
        DistributionClient client =
            new DistributionClient(client(transport, "one").supernode(supernode).build())) {
      id = supernode.local().id();
      client.fetch(FILE.toString(), dir.resolve("a"));
    }
    try (Supernode supernode = new Supernode(supernode().build());
        FakeTransport transport = new FakeTransport(network);
        DistributionClient client =
            new DistributionClient(client(transport, "two").supernode(supernode).build())) {
      assertThat(supernode.local().id()).isEqualTo(id);
      client.fetch(FILE.toString(), dir.resolve("b"));
      assertThat(dir.resolve("b")).hasBinaryContent(content);
    }
    assertThat(source.bytesRead()).isEqualTo(content.length);
  }

  @Test
  void aSupernodeThatIsStartedAgainInTheMiddleIsJoinedAgainAndAsksTheSourceForNoMore()
      throws Exception {
    byte[] content = bytes(8 << 20);
    int half = 4 << 20;
    source.put(FILE, content).stallAt(FILE, half);
    List<DistributionClient> clients = new ArrayList<>();
    try (FakeTransport transport = new FakeTransport(network)) {
      Supernode supernode = new Supernode(supernode().port(0).transport(transport).build());
      InetSocketAddress address = supernode.address().orElseThrow();
      List<CompletableFuture<FetchResult>> fetches = new ArrayList<>();
      try {
        for (int i = 0; i < 3; i++) {
          DistributionClient client =
              new DistributionClient(
                  client(transport, "peer" + i).supernodes(List.of(address)).build());
          clients.add(client);
          FetchRequest request =
              FetchRequest.builder(FILE.toString()).output(dir.resolve("copy" + i)).build();
          fetches.add(client.start(request).completion());
        }
        source.awaitStalled(FILE);
        supernode.close();
        supernode = new Supernode(supernode().port(address.getPort()).transport(transport).build());
        source.resume(FILE);
        for (int i = 0; i < 3; i++) {
          FetchResult result = fetches.get(i).join();
          assertThat(dir.resolve("copy" + i)).hasBinaryContent(content);
          assertThat(result.bytesFromSource()).isZero();
        }
        assertThat(source.bytesRead()).isEqualTo(content.length);
        assertThat(source.probes()).isLessThanOrEqualTo(3);
      } finally {
        clients.forEach(DistributionClient::close);
        supernode.close();
      }
    }
  }

  @Test
  void aHomeIsForOneSupernode() {
    try (Supernode first = new Supernode(supernode().build())) {
      assertThatThrownBy(() -> new Supernode(supernode().build()))
          .isInstanceOf(StorageException.class)
          .hasMessageContaining(String.valueOf(ProcessHandle.current().pid()));
      assertThat(first.address()).isEmpty();
    }
    new Supernode(supernode().build()).close();
  }

  @Test
  void aPortThatIsTakenIsSaid() {
    try (FakeTransport transport = new FakeTransport(network);
        Supernode first = new Supernode(supernode().port(0).transport(transport).build())) {
      int taken = first.address().orElseThrow().getPort();
      assertThatThrownBy(
              () ->
                  new Supernode(
                      supernode()
                          .homeDir(dir.resolve("other"))
                          .port(taken)
                          .transport(transport)
                          .build()))
          .isInstanceOf(ListenException.class)
          .hasMessageContaining("Choose another port");
    }
  }

  @Test
  void aPlugInThatIsNotThereIsNamedWithWhatToAdd() {
    assertThatThrownBy(() -> new Supernode(supernode().port(0).transport("pigeon").build()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("pigeon")
        .hasMessageContaining("dragonfly-transport-http");
    assertThatThrownBy(() -> new Supernode(supernode().storage("attic").build()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("attic");
    assertThatThrownBy(() -> new Supernode(supernode().scheduler("dice").build()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("dragonfly-scheduler");
    assertThatThrownBy(() -> new Supernode(supernode().rateLimiter("snail").build()))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("snail");
  }

  @Test
  void whatIsGivenStaysTheGivers() {
    MemoryStorage storage = new MemoryStorage();
    source.put(FILE, bytes(1 << 20));
    try (FakeTransport transport = new FakeTransport(network)) {
      try (Supernode supernode =
              new Supernode(
                  supernode().storage(storage).rateLimiter(new UnlimitedRates()).build());
          DistributionClient client =
              new DistributionClient(client(transport, "one").supernode(supernode).build())) {
        client.fetch(FILE.toString(), dir.resolve("a"));
      }
      assertThat(storage.tasks()).hasSize(1);
      assertThat(source.version(FILE)).isNotNull();
    }
  }

  @Test
  void settingsAreWhatWasSet() throws Exception {
    InetAddress ip = InetAddress.getByAddress(new byte[] {10, 0, 0, 1});
    SupernodeConfig config =
        SupernodeConfig.builder()
            .homeDir(dir)
            .port(8002)
            .advertiseIp(ip)
            .zone("north")
            .reserveBytes(5)
            .quotaBytes(51)
            .ringBytes(52)
            .adminTokenFile(Path.of("token"))
            .taskTtl(Duration.ofHours(52))
            .uploadRate(Rate.ofBytes(6 << 10))
            .backToSourcePeers(7)
            .sourceConcurrency(8)
            .sourceStallTimeout(Duration.ofSeconds(9))
            .sourceGiveUp(Duration.ofSeconds(10))
            .workingLease(Duration.ofSeconds(11))
            .seedingLease(Duration.ofSeconds(12))
            .unvalidatedTtl(Duration.ofSeconds(13))
            .accessTtl(Duration.ofSeconds(14))
            .sharePerAddress(0.15)
            .peerNetwork("10.0.0.0/8")
            .transport("t")
            .storage("s")
            .scheduler("p")
            .rateLimiter("r")
            .build();
    assertThat(config.homeDir()).hasValue(dir);
    assertThat(config.port()).hasValue(8002);
    assertThat(config.advertiseIp()).isEqualTo(ip);
    assertThat(config.zone()).isEqualTo("north");
    assertThat(config.reserveBytes()).hasValue(5);
    assertThat(config.quotaBytes()).hasValue(51);
    assertThat(config.ringBytes()).isEqualTo(52);
    assertThat(config.adminTokenFile()).hasValue(Path.of("token"));
    assertThat(config.taskTtl()).isEqualTo(Duration.ofHours(52));
    assertThat(config.uploadRate()).hasValue(Rate.ofBytes(6 << 10));
    assertThat(config.backToSourcePeers()).isEqualTo(7);
    assertThat(config.sourceConcurrency()).isEqualTo(8);
    assertThat(config.sourceStallTimeout()).isEqualTo(Duration.ofSeconds(9));
    assertThat(config.sourceGiveUp()).isEqualTo(Duration.ofSeconds(10));
    assertThat(config.workingLease()).isEqualTo(Duration.ofSeconds(11));
    assertThat(config.seedingLease()).isEqualTo(Duration.ofSeconds(12));
    assertThat(config.unvalidatedTtl()).isEqualTo(Duration.ofSeconds(13));
    assertThat(config.accessTtl()).isEqualTo(Duration.ofSeconds(14));
    assertThat(config.sharePerAddress()).isEqualTo(0.15);
    assertThat(config.peerNetworks()).hasSize(1);
    assertThat(SupernodeConfig.defaults().port()).isEmpty();
    assertThat(SupernodeConfig.defaults().homeDir()).isEmpty();
  }

  @Test
  void settingsThatMakeNoSenseAreNamed() throws Exception {
    InetAddress any = InetAddress.getByAddress(new byte[4]);
    assertRefused("port", SupernodeConfig.builder().port(65536));
    assertRefused("advertiseIp", SupernodeConfig.builder().advertiseIp(any));
    assertRefused("reserveBytes", SupernodeConfig.builder().reserveBytes(-1));
    assertRefused("ringBytes", SupernodeConfig.builder().ringBytes(-1));
    assertRefused("quotaBytes", SupernodeConfig.builder().quotaBytes(0));
    assertRefused("taskTtl", SupernodeConfig.builder().taskTtl(Duration.ofDays(-1)));
    assertRefused("backToSourcePeers", SupernodeConfig.builder().backToSourcePeers(-1));
    assertRefused("sourceConcurrency", SupernodeConfig.builder().sourceConcurrency(0));
    assertRefused("sharePerAddress", SupernodeConfig.builder().sharePerAddress(0));
    assertRefused("sharePerAddress", SupernodeConfig.builder().sharePerAddress(1.01));
    assertRefused("sharePerAddress", SupernodeConfig.builder().sharePerAddress(Double.NaN));
    assertRefused("sourceGiveUp", SupernodeConfig.builder().sourceGiveUp(Duration.ZERO));
    assertRefused("unvalidatedTtl", SupernodeConfig.builder().unvalidatedTtl(Duration.ofDays(-1)));
    assertRefused("network", SupernodeConfig.builder().peerNetwork("everywhere"));
  }

  private static void assertRefused(String setting, SupernodeConfig.Builder builder) {
    assertThatThrownBy(builder::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(setting);
  }
}
