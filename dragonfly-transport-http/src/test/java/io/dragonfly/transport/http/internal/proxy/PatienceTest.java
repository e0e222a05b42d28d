package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Queued;
import io.dragonfly.task.ByteRange;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import mockwebserver3.MockResponse;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A queue, a limit or a busy machine is no failure of the swarm, and a fallback ends with it. */
class PatienceTest extends ProxyTest {
  private static final int REACHED = 100_000;

  /** So often is looked within two patiences. */
  private static final int LOOKS = 16;

  private final byte[] blob = FakeRegistry.bytes(MIB, 1);
  private final FakeStreams swarm = new FakeStreams(blob, REACHED, null);

  private void startWithPatience() throws Exception {
    startWithPatience(Duration.ofSeconds(20));
  }

  private void startWithPatience(Duration withRegistry) throws Exception {
    start(
        config().patience(Duration.ofMillis(80)).answerTimeout(withRegistry),
        ProxyLimits.DEFAULT,
        swarm);
  }

  private CompletableFuture<byte[]> pull(String path) {
    return CompletableFuture.supplyAsync(
        () -> {
          try {
            return body(path);
          } catch (Exception e) {
            throw new AssertionError(e);
          }
        });
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFetchThatIsQueuedOrGetsAnyByteIsWaitedFor(boolean isQueued) throws Exception {
    String path = registry.blob(blob);
    swarm.isComing = !isQueued;
    swarm.queued =
        isQueued ? Optional.of(new Queued(Queued.Reason.SOURCE, 7, 12)) : Optional.empty();
    startWithPatience();

    CompletableFuture<byte[]> body = pull(path);
    Awaitility.await().until(() -> swarm.looks.get() > LOOKS);
    swarm.goOn();

    assertThat(body).succeedsWithin(10, TimeUnit.SECONDS).isEqualTo(blob);
    assertThat(counts().fallbacks()).isZero();
    assertThat(registry.requests).isEmpty();
  }

  @Test
  void aFetchThatIsNoLongerQueuedIsLeft() throws Exception {
    String path = registry.blob(blob);
    swarm.queued = Optional.of(Queued.of(Queued.Reason.UPLINK));
    startWithPatience();

    CompletableFuture<byte[]> body = pull(path);
    Awaitility.await().until(() -> swarm.looks.get() > LOOKS);
    swarm.queued = Optional.empty();

    assertThat(body).succeedsWithin(10, TimeUnit.SECONDS).isEqualTo(blob);
    assertThat(counts().fallbacks()).isEqualTo(1);
  }

  @Test
  void aDirectDownloadIsHeldByTheLimitsOfThePeer() throws Exception {
    String path = registry.blob(blob);
    AtomicLong counted = new AtomicLong();
    AtomicLong pause = new AtomicLong(Duration.ofHours(1).toNanos());
    limit =
        bytes -> {
          counted.addAndGet(bytes);
          return pause.get();
        };
    startWithPatience();

    CompletableFuture<byte[]> body = pull(path);
    Awaitility.await().until(() -> counted.get() > 0);
    long first = counted.get();
    assertThat(counts().directBytes()).isEqualTo(first).isLessThanOrEqualTo(64 << 10);
    assertThat(body).isNotDone();
    pause.set(0);

    assertThat(body).succeedsWithin(10, TimeUnit.SECONDS).isEqualTo(blob);
    Awaitility.await().until(() -> counted.get() == blob.length - REACHED);
  }

  @Test
  void soIsWhatTheSwarmIsNotAskedFor() throws Exception {
    registry.put("/files/a.rpm", blob);
    AtomicLong counted = new AtomicLong();
    limit = bytes -> counted.addAndGet(bytes) * 0;
    startWithPatience();

    assertThat(body("/files/a.rpm")).isEqualTo(blob);
    Awaitility.await().until(() -> counted.get() == blob.length); // the last bytes after they came
  }

  @Test
  void aDirectDownloadStopsWhenTheSwarmDeliversAgain() throws Exception {
    String path = registry.blob(blob);
    limit =
        bytes -> {
          swarm.goOn();
          return 0;
        };
    startWithPatience();

    assertThat(body(path)).isEqualTo(blob);
    assertThat(counts().directBytes()).isEqualTo(256 << 10);
    assertThat(counts().p2pBytes()).isEqualTo(blob.length - counts().directBytes());
    assertThat(swarm.requests).hasSize(2);
    assertThat(swarm.requests.get(1).range())
        .contains(new ByteRange(REACHED + (256 << 10), blob.length));
    assertThat(registry.requests).hasSize(1);
    assertThat(counts().fallbacks()).isEqualTo(1);
  }

  @Test
  void aSwarmThatIsLateAgainAndAgainIsLeftForGood() throws Exception {
    byte[] large = FakeRegistry.bytes(4 * MIB, 2);
    String path = registry.blob(large);
    FakeStreams again = new FakeStreams(large, REACHED, null);
    AtomicLong reads = new AtomicLong();
    limit =
        bytes -> {
          reads.incrementAndGet();
          again.goOnTo(counts().directBytes() + counts().p2pBytes() + (256 << 10) + 10_000);
          return 0;
        };
    start(config().patience(Duration.ofMillis(80)), ProxyLimits.DEFAULT, again);

    assertThat(body(path)).isEqualTo(large);
    assertThat(counts().fallbacks()).isGreaterThan(1);
    // Not byte by byte.
    assertThat(reads.get()).isLessThan(large.length >> 13);
  }

  @Test
  void aSwarmThatDeliversNoMoreIsLeftForGood() throws Exception {
    String path = registry.blob(blob);
    startWithPatience();

    assertThat(body(path)).isEqualTo(blob);
    assertThat(counts().directBytes()).isEqualTo(blob.length - REACHED);
    // The fetch is kept alive ahead of the direct download, at most as far as the content goes.
    assertThat(swarm.requests).hasSizeBetween(2, 3);
    assertThat(counts().fallbacks()).isEqualTo(1);
  }

  @Test
  void soItDoesWhenTheRegistryFallsSilent() throws Exception {
    String path = registry.blob(blob);
    HeldBody half = new HeldBody(blob, 300_000);
    registry.on(path, r -> new MockResponse.Builder().body(half).build());
    startWithPatience(Duration.ofSeconds(2));
    try {
      CompletableFuture<byte[]> body = pull(path);
      Awaitility.await().until(() -> counts().directBytes() == 300_000 - REACHED);
      swarm.goOn();

      assertThat(body).succeedsWithin(10, TimeUnit.SECONDS).isEqualTo(blob);
    } finally {
      half.rest().countDown();
    }
    assertThat(counts().directBytes()).isEqualTo(300_000 - REACHED);
    assertThat(counts().corruptBodies()).isZero();
  }
}
