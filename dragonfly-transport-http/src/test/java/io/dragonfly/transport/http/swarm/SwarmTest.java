package io.dragonfly.transport.http.swarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.Supernode;
import io.dragonfly.SupernodeConfig;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.FetchCancelledException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.testkit.LeakCheck;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole system in one process, over real sockets. */
@ExtendWith(LeakCheck.class)
class SwarmTest {
  private static final int MIB = 1 << 20;
  private static final Duration ONE_MINUTE = Duration.ofMinutes(1);

  @TempDir Path dir;

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 64 << 10, (64 << 10) + 1, (4 << 20) - 1, 64 << 20})
  void eightPeersCostTheSourceOneCopy(int length) throws Exception {
    try (Swarm swarm = Swarm.start(dir, 8)) {
      TestFile file = swarm.source().publish(TestFile.random("file", length));

      List<FetchResult> results = swarm.fetchOnAll(file);

      assertThat(swarm.copies(file)).hasSize(8).allMatch(file::hasSameBytes);
      assertThat(swarm.source().bytesServed()).isBetween(file.length(), file.length() + 8);
      assertThat(results).allSatisfy(result -> assertAddsUp(result, length));
      assertThat(results).allMatch(result -> result.bytesFromSource() == 0);
    }
  }

  @Test
  void peersGiveEachOtherMostOfALargeFile() throws Exception {
    try (Swarm swarm = Swarm.start(dir, 4)) {
      TestFile file = swarm.source().publish(TestFile.random("file", 64 * MIB));

      List<FetchResult> results = swarm.fetchOnAll(file);

      long fromPeers = results.stream().mapToLong(FetchResult::bytesFromPeers).sum();
      assertThat(fromPeers).isGreaterThan(2L * file.length());
    }
  }

  @Test
  void aFileOfUnknownLengthArrives() throws Exception {
    try (Swarm swarm = Swarm.start(dir, 3)) {
      TestFile file = swarm.source().publish(TestFile.random("file", 5 * MIB + 17).inChunks());

      assertThat(swarm.fetchOnAll(file)).allSatisfy(r -> assertAddsUp(r, file.length()));

      assertThat(swarm.copies(file)).hasSize(3).allMatch(file::hasSameBytes);
    }
  }

  @Test
  void aSupernodeInTheSameProcessNeedsNoPort() throws Exception {
    try (SwarmSource source = new SwarmSource();
        Supernode supernode =
            new Supernode(SupernodeConfig.builder().homeDir(dir.resolve("s")).build());
        DistributionClient one = new DistributionClient(embedded(supernode, 1));
        DistributionClient two = new DistributionClient(embedded(supernode, 2));
        DistributionClient three = new DistributionClient(embedded(supernode, 3))) {
      TestFile file = source.publish(TestFile.random("file", 16 * MIB));
      assertThat(supernode.address()).isEmpty();

      List<Fetch> fetches =
          List.of(
              one.start(request(source, file, "a").build()),
              two.start(request(source, file, "b").build()),
              three.start(request(source, file, "c").build()));

      for (Fetch fetch : fetches) {
        FetchResult result = fetch.completion().get(60, TimeUnit.SECONDS);
        assertThat(file.hasSameBytes(result.output().orElseThrow())).isTrue();
        assertAddsUp(result, file.length());
      }
      assertThat(source.bytesServed()).isBetween(file.length(), file.length() + 3);
    }
  }

  @Test
  void withoutAnySupernodeTheFileComesFromItsSource() throws Exception {
    try (SwarmSource source = new SwarmSource();
        DistributionClient client =
            new DistributionClient(ClientConfig.builder().home(dir.resolve("h")).build())) {
      TestFile file = source.publish(TestFile.random("file", 9 * MIB));

      FetchResult result = client.fetch(request(source, file, "a").build());

      assertThat(file.hasSameBytes(dir.resolve("a"))).isTrue();
      assertThat(result.bytesFromSource()).isEqualTo(file.length());
      assertThat(source.bytesServed()).isBetween(file.length(), file.length() + 1);
    }
  }

  @Test
  void aStreamIsReadWhileTheRestArrives() throws Exception {
    try (Swarm swarm = Swarm.start(dir, 1)) {
      TestFile file = swarm.source().publish(TestFile.random("file", 16 * MIB));
      CountDownLatch rest = swarm.source().holdSecondHalves();

      try (InputStream in =
          swarm.client(0).open(FetchRequest.builder(swarm.source().url(file)).build())) {
        byte[] first = in.readNBytes(128 << 10);
        assertThat(swarm.source().bytesServed()).isLessThan(file.length());
        rest.countDown();
        byte[] others = in.readAllBytes();
        assertThat(first).isEqualTo(java.util.Arrays.copyOf(file.bytes(), first.length));
        assertThat(others)
            .isEqualTo(
                java.util.Arrays.copyOfRange(file.bytes(), first.length, file.bytes().length));
      }
    }
  }

  @Test
  void twoFetchesOfOneContentShareOneDownloadAndOneIsCancelledAlone() throws Exception {
    try (Swarm swarm = Swarm.start(dir, 1)) {
      TestFile file = swarm.source().publish(TestFile.random("file", 16 * MIB));
      CountDownLatch rest = swarm.source().holdSecondHalves();
      Fetch first = swarm.client(0).start(swarm.request(file, 1).build());
      Fetch second = swarm.client(0).start(swarm.request(file, 2).build());
      Awaitility.await().atMost(ONE_MINUTE).until(() -> first.progress().bytes() > 0);

      first.cancel();

      assertThatThrownBy(() -> first.completion().get(60, TimeUnit.SECONDS))
          .hasCauseInstanceOf(FetchCancelledException.class);
      rest.countDown();
      assertThat(second.completion().get(60, TimeUnit.SECONDS).length()).isEqualTo(file.length());
      assertThat(swarm.copies(file)).containsExactly(swarm.copy(file, 2));
      assertThat(swarm.source().bytesServed()).isBetween(file.length(), file.length() + 2);
    }
  }

  @Test
  void aSourceThatHasTooMuchToDoIsAskedAgainWhenItWants() throws Exception {
    try (Swarm swarm = Swarm.start(dir, 3)) {
      TestFile file = swarm.source().publish(TestFile.random("file", MIB));
      swarm.source().refuse(2);

      swarm.fetchOnAll(file);

      assertThat(swarm.copies(file)).hasSize(3).allMatch(file::hasSameBytes);
      // Two in vain, one for the bytes, and one for each peer that comes when they are there.
      assertThat(swarm.source().requests()).isLessThanOrEqualTo(2 + 1 + 3 + 1);
    }
  }

  @Test
  void theSourceDecidesForEachUser() throws Exception {
    try (Swarm swarm = Swarm.start(dir, 2)) {
      TestFile file =
          swarm.source().publish(TestFile.random("file", 16 * MIB).readableWith("Basic right"));
      CountDownLatch rest = swarm.source().holdSecondHalves();
      Fetch good =
          swarm
              .client(0)
              .start(swarm.request(file, 0).header("Authorization", "Basic right").build());
      Awaitility.await().atMost(ONE_MINUTE).until(() -> good.progress().bytes() > 0);

      assertRefused(swarm, file);
      assertThat(good.completion()).isNotDone();
      rest.countDown();

      good.completion().get(60, TimeUnit.SECONDS);
      assertRefused(swarm, file);
      assertThat(swarm.copies(file)).containsExactly(swarm.copy(file, 0));
    }
  }

  private static void assertRefused(Swarm swarm, TestFile file) {
    Fetch bad =
        swarm
            .client(1)
            .start(swarm.request(file, 1).header("Authorization", "Basic wrong").build());
    assertThatThrownBy(() -> bad.completion().get(30, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOfSatisfying(
            AccessRefusedException.class,
            refused -> {
              assertThat(refused.status()).isEqualTo(401);
              assertThat(refused.challenges()).containsExactly("Basic realm=\"staff\"");
            });
  }

  private ClientConfig embedded(Supernode supernode, int number) {
    return ClientConfig.builder().home(dir.resolve("e" + number)).supernode(supernode).build();
  }

  private FetchRequest.Builder request(SwarmSource source, TestFile file, String name) {
    return FetchRequest.builder(source.url(file)).output(dir.resolve(name));
  }

  private static void assertAddsUp(FetchResult result, long length) {
    assertThat(
            result.bytesFromPeers()
                + result.bytesFromSupernode()
                + result.bytesFromSource()
                + result.bytesFromStore())
        .isEqualTo(length)
        .isEqualTo(result.length());
  }
}
