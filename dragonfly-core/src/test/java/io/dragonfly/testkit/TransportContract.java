package io.dragonfly.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.Outcome;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.PieceService;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.Transport;
import io.dragonfly.task.ByteRange;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * What every {@link Transport} promises. Extend it, return yours from {@link #create}, run it. What
 * it promises of control calls is in {@link TransportControlContract}, which is part of this.
 */
public abstract class TransportContract extends TransportControlContract {
  /** More than all buffers on the way can hold. */
  private static final int LARGE = 64 << 20;

  @Test
  void takesExactlyTheBytesAskedFor() {
    for (ByteRange range :
        List.of(
            ByteRange.of(0, LENGTH),
            ByteRange.of(0, 1),
            ByteRange.of(LENGTH - 1, LENGTH),
            ByteRange.of(1_000, 2_000_003))) {
      RecordingSink sink = take(range.start(), range.end());
      assertThat(sink.awaitBytes(limit())).isEqualTo(part(range.start(), range.end()));
      assertThat(sink.wrongCalls()).isEmpty();
    }
  }

  @Test
  void tellsTheServiceWhoAsksForWhat() {
    take(10, 20).awaitBytes(limit());
    PieceService.Ask ask = pieces.asks().get(0);
    assertThat(ask)
        .isEqualTo(
            new PieceService.Ask(TASK, ByteRange.of(10, 20), TAKER, LOOPBACK, "capability_-1"));
  }

  @Test
  void takesFromAContentWhoseLengthNobodyKnowsYet() {
    pieces.put(TASK, content, OptionalLong.empty());
    RecordingSink known = take(5, 500);
    RecordingSink unknown = new RecordingSink();
    taking.take(request(ByteRange.of(5, 500), OptionalLong.empty()), unknown);
    assertThat(known.awaitBytes(limit())).isEqualTo(part(5, 500));
    assertThat(unknown.awaitBytes(limit())).isEqualTo(part(5, 500));
  }

  @Test
  void aParentWithAnotherTotalLengthIsRefused() {
    RecordingSink sink = new RecordingSink();
    taking.take(request(ByteRange.of(5, 500), OptionalLong.of(LENGTH + 1)), sink);
    assertThat(sink.awaitFailure(limit()).outcome()).isEqualTo(Outcome.REFUSED);
    assertThat(sink.count()).isZero();
  }

  @Test
  void aParentThatGivesAnotherRangeIsRefused() throws IOException {
    PieceService generous = new Generous(pieces);
    Transport.Server other = serve(generous);
    RecordingSink sink = new RecordingSink();
    taking.take(request(other.address(), ByteRange.of(5, 500), OptionalLong.of(LENGTH)), sink);
    assertThat(sink.awaitFailure(limit()).outcome()).isEqualTo(Outcome.REFUSED);
    assertThat(sink.count()).isZero();
    await().atMost(limit()).until(() -> pieces.openRegions() == 0);
  }

  @Test
  void saysThatTheParentRefused() {
    pieces.refuse(new PieceDownloadException(Outcome.REFUSED, "no such capability"));
    PieceDownloadException failure = take(0, 10).awaitFailure(limit());
    assertThat(failure.outcome()).isEqualTo(Outcome.REFUSED);
    assertThat(failure).hasMessageContaining("no such capability");
  }

  @Test
  void saysThatTheParentAsksToComeLater() {
    pieces.refuse(new PieceDownloadException(Outcome.NOT_YET, "others first"));
    PieceDownloadException failure = take(0, 10).awaitFailure(limit());
    assertThat(failure.outcome()).isEqualTo(Outcome.NOT_YET);
    assertThat(failure).hasMessageContaining("others first");
  }

  @Test
  void aParentThatFailsHasRefused() throws IOException {
    Transport.Server broken = serve(new Broken());
    RecordingSink sink = new RecordingSink();
    taking.take(request(broken.address(), ByteRange.of(5, 500), OptionalLong.of(LENGTH)), sink);
    assertThat(sink.awaitFailure(limit()).outcome()).isEqualTo(Outcome.REFUSED);
  }

  @Test
  void saysThatNobodyListens() {
    server.close();
    PieceDownloadException failure = take(0, 10).awaitFailure(limit());
    assertThat(failure.outcome()).isEqualTo(Outcome.UNREACHABLE);
    assertThat(failure.getMessage().lines()).hasSize(1);
  }

  @Test
  void aClosedServerEndsTheTakesThatWait() {
    pieces.hold();
    RecordingSink sink = take(0, 10);
    await().atMost(limit()).until(() -> pieces.waiting() == 1);

    server.close();

    assertThat(sink.awaitFailure(limit()).outcome()).isEqualTo(Outcome.UNREACHABLE);
    await().atMost(limit()).until(() -> pieces.waiting() == 0);
  }

  @Test
  void aClosedServerEndsTheTakesInTheMiddle() {
    pieces.put(TASK, new byte[LARGE]);
    PausedTake paused = new PausedTake(LARGE);
    paused.awaitFirstBytes();

    server.close();
    paused.sink.onReceived(() -> {});
    paused.take().resume();

    assertThat(paused.sink.awaitFailure(limit()).outcome()).isEqualTo(Outcome.UNREACHABLE);
    await().atMost(limit()).until(() -> pieces.openRegions() == 0);
  }

  @Test
  void waitsForAPieceThatIsNotThereYet() {
    pieces.hold();
    RecordingSink waiting = take(0, 10);
    await().atMost(limit()).until(() -> pieces.waiting() == 1);
    assertThat(waiting.isDone()).isFalse();

    pieces.release();

    assertThat(waiting.awaitBytes(limit())).isEqualTo(part(0, 10));
  }

  @Test
  void manyTakesFromOneParentAllComplete() {
    List<RecordingSink> sinks = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      sinks.add(take(i * 1000L, LENGTH - i * 1000L));
    }
    for (int i = 0; i < sinks.size(); i++) {
      assertThat(sinks.get(i).awaitBytes(limit())).isEqualTo(part(i * 1000L, LENGTH - i * 1000L));
      assertThat(sinks.get(i).wrongCalls()).isEmpty();
    }
  }

  @Test
  void closesEachRegion() {
    for (int i = 0; i < 5; i++) {
      take(0, LENGTH).awaitBytes(limit());
    }
    await().atMost(limit()).until(() -> pieces.openRegions() == 0);
    assertThat(pieces.asks()).hasSize(5);
  }

  @Test
  void callsTheSinkOnAThreadOfItsOwn() {
    AtomicReference<Thread> caller = new AtomicReference<>();
    RecordingSink sink = new RecordingSink();
    sink.onReceived(() -> caller.set(Thread.currentThread()));
    taking.take(request(ByteRange.of(0, 10), OptionalLong.of(LENGTH)), sink);
    sink.awaitBytes(limit());
    assertThat(caller.get()).isNotSameAs(Thread.currentThread());
    assertThat(caller.get().isDaemon()).isTrue();
    assertThat(caller.get().getName()).startsWith("dragonfly-");
  }

  @Test
  void aPausedTakeGetsFewBytesMore() {
    pieces.put(TASK, new byte[LARGE]);
    PausedTake paused = new PausedTake(LARGE);
    paused.awaitFirstBytes();

    takeAll(LARGE);
    takeAll(LARGE);

    assertThat(paused.sink.count()).isLessThan(LARGE);
    assertThat(paused.sink.isDone()).isFalse();
    paused.take().cancel();
  }

  @Test
  void aResumedTakeGoesOnWhereItStopped() {
    PausedTake paused = new PausedTake(LENGTH);
    paused.awaitFirstBytes();
    paused.sink.onReceived(() -> {});

    paused.take().resume();

    assertThat(paused.sink.awaitBytes(limit())).isEqualTo(content);
    assertThat(paused.sink.wrongCalls()).isEmpty();
  }

  @Test
  void aTakeCancelledInTheMiddleGetsNothingMore() {
    RecordingSink sink = new RecordingSink();
    AtomicReference<Transport.Take> take = new AtomicReference<>();
    CompletableFuture<Void> known = new CompletableFuture<>();
    AtomicInteger calls = new AtomicInteger();
    sink.onReceived(
        () -> {
          calls.incrementAndGet();
          known.join();
          take.get().cancel();
        });
    take.set(taking.take(request(ByteRange.of(0, LENGTH), OptionalLong.of(LENGTH)), sink));
    known.complete(null);

    await().atMost(limit()).until(() -> calls.get() == 1 && pieces.openRegions() == 0);
    take(0, LENGTH).awaitBytes(limit());
    assertThat(calls.get()).isEqualTo(1);
    assertThat(sink.isDone()).isFalse();
  }

  @Test
  void aTakeCancelledWhileItWaitsGivesUpItsPlace() {
    pieces.hold();
    RecordingSink sink = new RecordingSink();
    Transport.Take take = taking.take(request(ByteRange.of(0, 10), OptionalLong.of(LENGTH)), sink);
    await().atMost(limit()).until(() -> pieces.waiting() == 1);

    take.cancel();

    await().atMost(limit()).until(() -> pieces.waiting() == 0);
    pieces.release();
    assertThat(take(0, 10).awaitBytes(limit())).isEqualTo(part(0, 10));
    assertThat(sink.isDone()).isFalse();
  }

  @Test
  void sendsNoFasterThanTheLimiterLets() {
    Duration pause = Duration.ofMillis(20);
    CountingLimiter limiter = new CountingLimiter(pause);
    pieces.limitUploads(limiter);
    long start = System.nanoTime();

    take(0, LENGTH).awaitBytes(limit());

    assertThat(limiter.bytes.get()).isEqualTo(LENGTH);
    assertThat(limiter.calls.get()).isGreaterThan(1);
    assertThat(Duration.ofNanos(System.nanoTime() - start))
        .isGreaterThanOrEqualTo(pause.multipliedBy(limiter.calls.get() - 1));
  }

  @Test
  void anAddressInUseCannotBeBound() {
    assertThatThrownBy(() -> serving.serve(ServeRequest.piecesOnly(server.address(), pieces)))
        .isInstanceOf(IOException.class);
  }

  @Test
  void aClosedServersAddressIsFree() throws IOException {
    InetSocketAddress address = server.address();
    take(0, 10).awaitBytes(limit());
    server.close();
    server.close(); // twice is once
    assertThat(serving.serve(ServeRequest.piecesOnly(address, pieces)).address())
        .isEqualTo(address);
    assertThat(take(0, 10).awaitBytes(limit())).isEqualTo(part(0, 10));
  }

  @Test
  void aClosedTransportEndsItsTakes() {
    pieces.hold();
    RecordingSink waiting = take(0, 10);
    await().atMost(limit()).until(() -> pieces.waiting() == 1);

    taking.close();

    assertThat(waiting.awaitFailure(Duration.ofSeconds(1)).outcome())
        .isEqualTo(Outcome.UNREACHABLE);
    await().atMost(limit()).until(() -> pieces.waiting() == 0);
  }

  @Test
  void aClosedTransportEndsItsServers() {
    serving.close();
    assertThat(take(0, 10).awaitFailure(limit()).outcome()).isEqualTo(Outcome.UNREACHABLE);
  }

  @Test
  void aClosedTransportDoesNothingMore() {
    taking.close();
    taking.close(); // twice is once
    PieceRequest request = request(ByteRange.of(0, 10), OptionalLong.of(LENGTH));
    assertThatThrownBy(() -> taking.take(request, new RecordingSink()))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> taking.serve(ServeRequest.piecesOnly(anyPort(), pieces)))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void aClosedTransportLeavesNoThread() throws Exception {
    Set<Thread> before = ownThreads();
    Transport third = create();
    Transport.Server served = third.serve(new ServeRequest(anyPort(), pieces, control));
    RecordingSink sink = new RecordingSink();
    third.take(request(served.address(), ByteRange.of(0, 10), OptionalLong.of(LENGTH)), sink);
    sink.awaitBytes(limit());
    CompletableFuture<?> call =
        third.connect(served.address(), LOOPBACK).announce(ControlExamples.offerRequests().get(0));
    nextCall().answer().complete(ControlExamples.offerAnswers().get(0));
    await().atMost(limit()).until(call::isDone);

    third.close();

    Set<Thread> left = ownThreads();
    left.removeAll(before);
    assertThat(left).isEmpty();
  }

  private static Set<Thread> ownThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("dragonfly-"))
        .collect(Collectors.toSet());
  }

  private void takeAll(long length) {
    RecordingSink sink = new RecordingSink();
    taking.take(request(ByteRange.of(0, length), OptionalLong.of(length)), sink);
    sink.awaitBytes(limit());
  }

  /** A take that pauses at its first bytes. */
  private final class PausedTake {
    final RecordingSink sink = new RecordingSink();
    private final CompletableFuture<Transport.Take> take = new CompletableFuture<>();

    private final CompletableFuture<Void> paused = new CompletableFuture<>();

    PausedTake(long length) {
      sink.onReceived(
          () -> {
            if (!paused.isDone()) { // once: a later one must not undo a resume
              take.join().pause();
              paused.complete(null);
            }
          });
      take.complete(taking.take(request(ByteRange.of(0, length), OptionalLong.of(length)), sink));
    }

    Transport.Take take() {
      return take.join();
    }

    void awaitFirstBytes() {
      assertThat(paused).succeedsWithin(limit());
    }
  }

  /** Gives one byte more than asked. */
  private record Generous(FakePieces pieces) implements PieceService {
    @Override
    public CompletableFuture<Given> give(Ask ask) {
      ByteRange more = ByteRange.of(ask.range().start(), ask.range().end() + 1);
      return pieces.give(new Ask(ask.task(), more, ask.child(), ask.from(), ask.capability()));
    }

    @Override
    public RateLimiter uploads() {
      return pieces.uploads();
    }
  }

  /** Fails in a way that no service should. */
  private static final class Broken implements PieceService {
    @Override
    public CompletableFuture<Given> give(Ask ask) {
      return CompletableFuture.failedFuture(new IllegalStateException("a defect"));
    }

    @Override
    public RateLimiter uploads() {
      return new CountingLimiter(Duration.ZERO);
    }
  }

  private static final class CountingLimiter implements RateLimiter {
    final AtomicLong bytes = new AtomicLong();
    final AtomicInteger calls = new AtomicInteger();
    private final Duration pause;

    CountingLimiter(Duration pause) {
      this.pause = pause;
    }

    @Override
    public long take(long count) {
      if (count > 0) { // else it is a question
        bytes.addAndGet(count);
        calls.incrementAndGet();
      }
      return pause.toNanos();
    }

    @Override
    public void setRate(Optional<Rate> rate) {
      throw new UnsupportedOperationException();
    }
  }
}
