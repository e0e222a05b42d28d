package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.TestPeer.content;
import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeListener;
import io.dragonfly.control.SupernodeState;
import io.dragonfly.internal.access.Capabilities;
import io.dragonfly.internal.cdn.CdnSettings;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.PieceService.Ask;
import io.dragonfly.spi.PieceService.Given;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.UnlimitedRates;
import java.net.InetAddress;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Who waits for what is seen by the listener, each number in its own place. */
@ExtendWith(LeakCheck.class)
class QueuesTest {
  private static final String READER = "Basic user0";

  private final FakeSource source = new FakeSource();
  private final TestSupernode.Setup setup = new TestSupernode.Setup().source(source);
  private volatile @Nullable Supplier<SupernodeState> state;
  private @Nullable TestSupernode supernode;

  private TestSupernode start() {
    setup.listener(
        new SupernodeListener() {
          @Override
          public void opened(Supplier<SupernodeState> now) {
            state = now;
          }
        });
    TestSupernode started = setup.start();
    supernode = started;
    return started;
  }

  @AfterEach
  void close() {
    if (supernode != null) {
      supernode.close();
    }
    assertThat(source.openStreams()).isZero();
  }

  private SupernodeState now() {
    return Objects.requireNonNull(state, "the supernode has not opened").get();
  }

  /** Registers as many users for one content whose source answers none of them yet. */
  private List<CompletableFuture<RegisterResponse>> users(TestSupernode at, int count) {
    source.put(FILE, bytes(2 * PIECE)).stallProbes(FILE);
    return IntStream.range(0, count)
        .mapToObj(i -> new TestPeer(at).register(content(FILE, "Basic user" + i)))
        .toList();
  }

  private int asked() {
    return source.probes() + source.opened().size();
  }

  @Test
  void aSourceIsAskedByNoMoreThanItCanTakeAndNobodyIsForgotten() {
    setup.sourceConcurrency = 4;
    List<CompletableFuture<RegisterResponse>> answers = users(start(), 20);
    await()
        .untilAsserted(
            () -> {
              assertThat(now().waitingProbes()).isEqualTo(16);
              assertThat(asked()).isEqualTo(4);
            });
    assertThat(now().runningProbes()).isEqualTo(4);
    assertThat(answers).noneMatch(CompletableFuture::isDone);

    source.resume(FILE);

    assertThat(answers.stream().map(a -> get(a).task().id()).distinct()).hasSize(1);
    await().until(() -> asked() == 21); // and once more after the read
    await().until(() -> now().runningProbes() == 0);
    assertThat(now().waitingProbes()).isZero();
  }

  @Test
  void questionsAreShownThatRunAndThatWait() {
    setup.sourceConcurrency = 2;
    users(start(), 5);

    await().untilAsserted(() -> assertThat(now().waitingProbes()).isEqualTo(3));
    SupernodeState now = now();
    assertThat(now.runningProbes()).isEqualTo(2);
    assertThat(now.waitingReads()).isZero();
    assertThat(now.waitingChildren()).isZero();
    assertThat(now.waitingCalls()).isZero();
    assertThat(now.wantingPeers()).isZero();
  }

  @Test
  void callsAndTakersAreShownThatWait() {
    source.put(FILE, bytes(3 * PIECE)).stallAt(FILE, PIECE);
    TestSupernode one = start();
    TestPeer peer = new TestPeer(one);
    TestPeer other = new TestPeer(one);
    TaskId task = peer.registered(FILE).task().id();
    other.registered(FILE);
    assertThat(now().peers()).isEqualTo(2);
    CompletableFuture<PollResponse> call = openCall(peer, task);
    List<CompletableFuture<Given>> takes =
        List.of(take(one, peer, task), take(one, peer, task), take(one, other, task));

    await()
        .untilAsserted(
            () -> {
              assertThat(now().waitingChildren()).isEqualTo(3);
              assertThat(now().waitingCalls()).isEqualTo(1);
            });
    SupernodeState now = now();
    assertThat(call).isNotDone();
    assertThat(now.wantingPeers()).isEqualTo(2);
    assertThat(now.readingTasks()).isEqualTo(1);
    assertThat(now.runningProbes()).isZero();
    assertThat(now.waitingProbes()).isZero();
    assertThat(now.waitingReads()).isZero();

    source.resume(FILE);
    takes.forEach(take -> get(take).region().close());
    get(call);
    await().until(() -> now().completeTasks() == 1 && now().readingTasks() == 0);
    assertThat(now().waitingChildren()).isZero();
    assertThat(now().waitingCalls()).isZero();
  }

  /** Takes what is there already, and leaves the call open that has nothing to say. */
  private static CompletableFuture<PollResponse> openCall(TestPeer peer, TaskId task) {
    List<Integer> taken = new ArrayList<>();
    CompletableFuture<PollResponse> call = peer.next(task, PieceSpan.ALL);
    while (taken.isEmpty()) {
      taken.addAll(peer.take(peer.arrived(call, task)));
      call = peer.next(task, PieceSpan.ALL);
    }
    assertThat(taken).containsExactly(0);
    return call;
  }

  /** Takes the last piece from the CDN cache. */
  private CompletableFuture<Given> take(TestSupernode from, TestPeer child, TaskId task) {
    PeerId id = child.id();
    InetAddress here = InetAddress.getLoopbackAddress();
    String capability =
        Capabilities.issue(
            setup.secret.capabilityKey(), task, id, here, FakeTicker.START.plusSeconds(60));
    return from.pieces.give(
        new Ask(task, ByteRange.of(2 * PIECE, 3 * PIECE), id, here, capability));
  }

  @Test
  void readsAreShownThatWaitForAThread() {
    TestSupernode one = start();
    int atOnce =
        CdnSettings.of(
                Duration.ofSeconds(1),
                Duration.ofSeconds(1),
                new UnlimitedRates().create(Optional.empty()),
                CdnSettings.Keeping.ALL)
            .readsPerHost()
            .least();
    List<TestPeer> peers = new ArrayList<>();
    for (int i = 0; i < atOnce + 3; i++) {
      URI uri = URI.create(FILE + "-" + i);
      source.put(uri, bytes(2 * PIECE)).stallAt(uri, PIECE);
      TestPeer peer = new TestPeer(one);
      peer.registered(uri);
      peers.add(peer);
    }

    await().untilAsserted(() -> assertThat(now().waitingReads()).isEqualTo(3));
    assertThat(now().tasks()).isEqualTo(peers.size());
    assertThat(now().waitingProbes()).isZero();
    assertThat(now().quotaBytes()).isEmpty();

    IntStream.range(0, peers.size()).forEach(i -> source.resume(URI.create(FILE + "-" + i)));
    await().until(() -> now().completeTasks() == peers.size());
    assertThat(now().waitingReads()).isZero();
    assertThat(now().cacheBytes()).isEqualTo(peers.size() * 2L * PIECE);
  }

  @Test
  void whatTheCacheMayTakeUpIsShown() {
    setup.keeping = new CdnSettings.Keeping(10L * PIECE, Duration.ZERO, 4L * PIECE);
    source.put(FILE, bytes(2 * PIECE));
    new TestPeer(start()).registered(FILE);

    await().until(() -> now().completeTasks() == 1);
    assertThat(now().quotaBytes()).isEqualTo(OptionalLong.of(10L * PIECE));
    assertThat(now().cacheBytes()).isEqualTo(2L * PIECE);
  }
}
