package io.dragonfly.internal.transfer.intake;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.Parent;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.internal.writing.BufferPool;
import io.dragonfly.internal.writing.DiskWriter;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.spi.Transport;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskKey;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class PieceDownloadTest {
  private static final Duration DROP = Duration.ofSeconds(5);
  private static final byte[] BYTES = new byte[100_000];
  private static final Task TASK =
      Task.of(
          new TaskKey("0".repeat(64)),
          new SourceVersion(Optional.of("\"1\""), OptionalLong.of(BYTES.length)),
          Optional.empty(),
          "");

  static {
    new Random(1).nextBytes(BYTES);
  }

  private final FakeTicker ticker = new FakeTicker();
  private final Timers timers = new Timers(ticker.timer(), ticker);
  private final EventLoop loop = new EventLoop("dragonfly-engine", timers);
  private final BufferPool pool = new BufferPool(2);
  private final DiskWriter writer = new DiskWriter("dragonfly-disk");
  private final StoredTask stored = new MemoryStorage().create(TASK);
  private final List<String> calls = new ArrayList<>();
  private final BlockingQueue<PieceDownload.End> ends = new LinkedBlockingQueue<>();
  private Duration pause = Duration.ZERO;

  /** A take whose bytes the test hands over itself. */
  private final class Running implements Transport.Take {
    @Override
    public void pause() {
      calls.add("pause");
    }

    @Override
    public void resume() {
      calls.add("resume");
    }

    @Override
    public void cancel() {
      calls.add("cancel");
    }
  }

  @AfterEach
  void close() {
    loop.close();
    writer.close();
    timers.close();
  }

  private PieceDownload take(FirstByte race, PieceTransport child) {
    RateLimiter limiter =
        new RateLimiter() {
          @Override
          public long take(long bytes) {
            return pause.toNanos();
          }

          @Override
          public void setRate(Optional<Rate> rate) {}
        };
    DownloadContext lane =
        new DownloadContext(
            new DownloadContext.Engine(loop, child, pool, writer, DROP),
            stored,
            new Throttle(limiter, limiter),
            bytes -> {});
    InetAddress here = InetAddress.getLoopbackAddress();
    PeerId id = PeerSecret.random(new SecureRandom()).id();
    Peer peer = new Peer(id, new InetSocketAddress(here, 1), "");
    ByteRange all = ByteRange.of(0, BYTES.length);
    PieceRequest request =
        new PieceRequest(peer, TASK.id(), all, OptionalLong.of(BYTES.length), id, here, "");
    PieceDownload.Order order =
        new PieceDownload.Order(
            0, new Parent(0, peer, ""), request, Optional.of(Digest.of(sha(BYTES))));
    return new PieceDownload(lane, order, race, DROP, (take, end) -> ends.add(end));
  }

  private PieceDownload started() throws Exception {
    PieceDownload take = take(new FirstByte(), (request, sink) -> new Running());
    onLoop(take::start);
    return take;
  }

  private static MessageDigest sha(byte[] bytes) {
    MessageDigest sha = Digest.newSha256();
    sha.update(bytes);
    return sha;
  }

  private void onLoop(Runnable task) throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    loop.execute(
        () -> {
          task.run();
          done.complete(null);
        });
    done.get(10, TimeUnit.SECONDS);
  }

  private Outcome outcome() throws InterruptedException {
    PieceDownload.End end = ends.poll(10, TimeUnit.SECONDS);
    assertThat(end).isNotNull();
    return end.outcome();
  }

  private static ByteBuffer part(int from, int to) {
    return ByteBuffer.wrap(Arrays.copyOfRange(BYTES, from, to));
  }

  @Test
  void aPieceWithTheRightDigestIsSealed() throws Exception {
    PieceDownload take = started();
    take.received(part(0, 60_000));
    take.received(part(60_000, BYTES.length));
    take.completed();
    assertThat(outcome()).isEqualTo(Outcome.DONE);
    assertThat(stored.has(0)).isTrue();
    try (var region = stored.region(ByteRange.of(0, BYTES.length))) {
      assertThat(region.readAll()).isEqualTo(BYTES);
    }
  }

  @Test
  void otherBytesAreAMismatch() throws Exception {
    PieceDownload take = started();
    take.received(ByteBuffer.wrap(new byte[BYTES.length]));
    take.completed();
    assertThat(outcome()).isEqualTo(Outcome.DIGEST_MISMATCH);
    assertThat(stored.has(0)).isFalse();
  }

  @Test
  void tooFewBytesAreABrokenConnection() throws Exception {
    PieceDownload take = started();
    take.received(part(0, 10));
    take.completed();
    assertThat(outcome()).isEqualTo(Outcome.UNREACHABLE);
  }

  @Test
  void aParentThatGivesNoByteIsStalled() throws Exception {
    PieceDownload take = started();
    ticker.advance(DROP.minusMillis(1));
    take.received(part(0, 10));
    ticker.advance(DROP.minusMillis(1));
    onLoop(() -> {});
    assertThat(ends).isEmpty();
    ticker.advance(Duration.ofMillis(1));
    onLoop(() -> {});
    ticker.advance(Duration.ofMillis(1));
    assertThat(outcome()).isEqualTo(Outcome.STALLED);
    assertThat(calls).containsExactly("cancel");
  }

  @Test
  void aParentIsNotStalledByAPauseOfThisProcess() throws Exception {
    PieceDownload take = started();
    take.received(part(0, 10));
    ticker.pass(Duration.ofSeconds(30));
    ticker.advance(DROP.minusSeconds(1));
    onLoop(() -> {});
    assertThat(ends).isEmpty();
    for (int i = 0; i < 3; i++) {
      ticker.advance(Duration.ofSeconds(1));
      onLoop(() -> {});
    }
    assertThat(outcome()).isEqualTo(Outcome.STALLED);
  }

  @Test
  void aByteNowAndThenIsNoProgress() throws Exception {
    PieceDownload take = started();
    Duration step = DROP.dividedBy(4);
    for (int i = 0; i < 12 && ends.isEmpty(); i++) {
      take.received(part(i, i + 1));
      ticker.advance(step);
      onLoop(() -> {});
      ticker.advance(Duration.ZERO);
    }
    assertThat(outcome()).isEqualTo(Outcome.STALLED);
  }

  @Test
  void aSlowParentIsNotStalled() throws Exception {
    PieceDownload take = started();
    Duration step = DROP.dividedBy(2);
    for (int i = 0; i < 20; i++) {
      take.received(part(i * PieceDownload.LITTLE_BYTES, (i + 1) * PieceDownload.LITTLE_BYTES));
      ticker.advance(step);
      onLoop(() -> {});
    }
    assertThat(ends).isEmpty();
  }

  @Test
  void withAnotherParentToAskPatienceIsShorter() throws Exception {
    PieceDownload take = started();
    onLoop(() -> take.hurry(Duration.ofSeconds(2)));
    ticker.advance(Duration.ofSeconds(2));
    assertThat(outcome()).isEqualTo(Outcome.STALLED);
  }

  @Test
  void whatIsPausedIsNotStalled() throws Exception {
    PieceDownload take = started();
    pause = Duration.ofMinutes(1);
    take.received(part(0, 10));
    onLoop(() -> {});
    assertThat(calls).isNotEmpty().containsOnly("pause");
    for (int i = 0; i < 59; i++) {
      ticker.advance(Duration.ofSeconds(1));
      onLoop(() -> {});
    }
    assertThat(ends).isEmpty();
    ticker.advance(Duration.ofSeconds(1));
    onLoop(() -> {});
    assertThat(calls).containsOnlyOnce("resume").endsWith("resume");
    for (int i = 0; i < 6; i++) {
      ticker.advance(Duration.ofSeconds(1));
      onLoop(() -> {});
    }
    assertThat(outcome()).isEqualTo(Outcome.STALLED);
  }

  @Test
  void aTakeWaitsForTheDiskByPausing() throws Exception {
    ByteBuffer first = pool.take();
    ByteBuffer second = pool.take();
    PieceDownload take = started();
    take.received(part(0, 10));
    onLoop(() -> {});
    assertThat(calls).containsExactly("pause");
    pool.give(first);
    pool.give(second);
    onLoop(() -> {});
    assertThat(calls).containsExactly("pause", "resume");
    onLoop(take::cancel);
  }

  @Test
  void onlyWhoGivesAByteFirstGoesOn() throws Exception {
    FirstByte race = new FirstByte();
    PieceDownload faster = take(race, (request, sink) -> new Running());
    PieceDownload slower = take(race, (request, sink) -> new Running());
    onLoop(faster::start);
    onLoop(slower::start);
    faster.received(part(0, 10));
    slower.received(part(0, 10));
    assertThat(outcome()).isEqualTo(Outcome.DROPPED);
    assertThat(slower.received()).isZero();
    faster.received(part(10, BYTES.length));
    faster.completed();
    assertThat(outcome()).isEqualTo(Outcome.DONE);
  }

  @Test
  void afterAFailureTheRaceIsOpenAgain() throws Exception {
    FirstByte race = new FirstByte();
    PieceDownload first = take(race, (request, sink) -> new Running());
    onLoop(first::start);
    first.received(part(0, 10));
    first.failed(new PieceDownloadException(Outcome.REFUSED, "no"));
    assertThat(outcome()).isEqualTo(Outcome.REFUSED);
    assertThat(race.isWon()).isFalse();
  }

  @Test
  void aTransportThatThrowsIsAParentOutOfReach() throws Exception {
    PieceDownload take =
        take(
            new FirstByte(),
            (PieceRequest request, PieceSink sink) -> {
              throw new IllegalStateException("closed");
            });
    onLoop(take::start);
    assertThat(outcome()).isEqualTo(Outcome.UNREACHABLE);
  }

  @Test
  void aCancelledTakeSaysNothingAndKeepsNothing() throws Exception {
    PieceDownload take = started();
    take.received(part(0, 10));
    onLoop(take::cancel);
    take.received(part(10, 20));
    take.completed();
    onLoop(() -> {});
    assertThat(ends).isEmpty();
    assertThat(take.isEnded()).isTrue();
    assertThat(pool.isEmpty()).isFalse();
  }
}
