package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchStream;
import io.dragonfly.task.ByteRange;
import io.dragonfly.testkit.FreePorts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import mockwebserver3.MockResponse;
import org.junit.jupiter.api.Test;

/** What a pull by two hosts costs the registry if their supernode ends in the middle. */
class KilledSupernodeTest extends ProxyTest {
  private static final int READ_BY_SUPERNODE = 3 * MIB / 2;

  private final byte[] blob = FakeRegistry.bytes(4 * MIB, 1);
  private final int port = FreePorts.next();

  private DistributionClient peer(Supernode supernode, String home) {
    return new DistributionClient(
        ClientConfig.builder()
            .home(dir.resolve(home))
            .supernodes(List.of(supernode.address().orElseThrow()))
            .backToSourceDelay(Duration.ofSeconds(3))
            .build());
  }

  private static CompletableFuture<byte[]> rest(FetchStream stream) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return stream.readAllBytes();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /** Returns the bytes of the blob that were asked for by range, probes for access excluded. */
  private long readByRange() {
    return registry.requests.stream()
        .map(request -> request.getHeaders().get("Range"))
        .filter(range -> range != null && !range.equals("bytes=0-0"))
        .map(range -> ByteRanges.parse(range).orElseThrow().within(blob.length))
        .mapToLong(ByteRange::length)
        .sum();
  }

  private Supernode supernode(int port) {
    return new Supernode(
        SupernodeConfig.builder().homeDir(dir.resolve("supernode")).port(port).build());
  }

  @Test
  void oneOfThemReadsTheRestForBoth() throws Exception {
    pull(() -> {});
  }

  @Test
  void oneThatIsStartedAgainReadsOn() throws Exception {
    AtomicReference<Supernode> again = new AtomicReference<>();
    try {
      pull(() -> again.set(supernode(port)));
    } finally {
      again.get().close();
    }
  }

  /** Pulls by two hosts, and ends the supernode when it has read a part. */
  private void pull(Runnable then) throws Exception {
    HeldBody half = new HeldBody(blob, READ_BY_SUPERNODE);
    String path = registry.blob(blob);
    registry.on(
        path,
        r ->
            r.getHeaders().get("Range") == null
                ? new MockResponse.Builder().body(half).build()
                : null);
    FetchRequest request = FetchRequest.builder(registry.url(path)).build();
    Supernode supernode = supernode(port);
    try (supernode;
        DistributionClient one = peer(supernode, "home1");
        DistributionClient two = peer(supernode, "home2");
        FetchStream first = one.stream(request);
        FetchStream second = two.stream(request)) {
      assertThat(first.readNBytes(MIB)).hasSize(MIB);
      assertThat(second.readNBytes(MIB)).hasSize(MIB);
      supernode.close();
      then.run();
      CompletableFuture<byte[]> restOfFirst = rest(first);
      CompletableFuture<byte[]> restOfSecond = rest(second);

      assertThat(restOfFirst).succeedsWithin(120, TimeUnit.SECONDS);
      assertThat(restOfSecond).succeedsWithin(120, TimeUnit.SECONDS);
      assertThat(restOfFirst.get()).isEqualTo(restOfSecond.get()).hasSize(blob.length - MIB);
      assertThat(first.fetch().completion().get(60, TimeUnit.SECONDS).length())
          .isEqualTo(blob.length);
      assertThat(readByRange()).isLessThan(blob.length * 11L / 10 - READ_BY_SUPERNODE);
    } finally {
      half.rest().countDown();
    }
  }
}
