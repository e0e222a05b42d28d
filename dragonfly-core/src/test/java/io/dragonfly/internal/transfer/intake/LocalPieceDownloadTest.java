package io.dragonfly.internal.transfer.intake;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Outcome;
import io.dragonfly.internal.loop.IoThreads;
import io.dragonfly.internal.writing.BufferPool;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceService;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.Transport;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakePieces;
import io.dragonfly.testkit.LeakCheck;
import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class LocalPieceDownloadTest {
  private static final TaskId TASK = new TaskId("0".repeat(64));
  private static final byte[] BYTES = new byte[700_000];

  static {
    new Random(1).nextBytes(BYTES);
  }

  private final FakePieces pieces = new FakePieces();
  private final IoThreads io = new IoThreads("dragonfly-io");
  private final BufferPool pool = new BufferPool(4);
  private final Sink sink = new Sink();

  private static class Sink implements PieceSink {
    private final ByteArrayOutputStream received = new ByteArrayOutputStream();
    private final CompletableFuture<Void> end = new CompletableFuture<>();
    private final AtomicReference<Transport.Take> pauseAfterFirst = new AtomicReference<>();
    private volatile boolean isPaused;

    @Override
    public void received(ByteBuffer data) {
      byte[] bytes = new byte[data.remaining()];
      data.get(bytes);
      received.writeBytes(bytes);
      Transport.Take take = pauseAfterFirst.getAndSet(null);
      if (take != null) {
        take.pause();
        isPaused = true;
      }
    }

    @Override
    public void completed() {
      end.complete(null);
    }

    @Override
    public void failed(PieceDownloadException failure) {
      end.completeExceptionally(failure);
    }
  }

  @AfterEach
  void close() {
    io.close();
    pieces.close();
  }

  private CompletableFuture<PieceService.Given> ask() {
    pieces.put(TASK, BYTES);
    return pieces.give(
        new PieceService.Ask(
            TASK,
            ByteRange.of(0, BYTES.length),
            PeerSecret.random(new SecureRandom()).id(),
            InetAddress.getLoopbackAddress(),
            ""));
  }

  @Test
  void bytesComeInOrderAndTheRegionIsClosed() throws Exception {
    LocalPieceDownload.start(ask(), sink, io, pool);
    sink.end.get(10, TimeUnit.SECONDS);
    assertThat(sink.received.toByteArray()).isEqualTo(BYTES);
    assertThat(pieces.openRegions()).isZero();
  }

  @Test
  void aPausedTakeWaits() throws Exception {
    pieces.hold();
    Transport.Take take = LocalPieceDownload.start(ask(), sink, io, pool);
    sink.pauseAfterFirst.set(take);
    pieces.release();
    Awaitility.await().until(() -> sink.isPaused);
    assertThat(sink.end).isNotDone();
    take.resume();
    sink.end.get(10, TimeUnit.SECONDS);
    assertThat(sink.received.toByteArray()).isEqualTo(BYTES);
  }

  @Test
  void aRefusalIsPassedOn() {
    pieces.refuse(new PieceDownloadException(Outcome.NOT_YET, "later"));
    LocalPieceDownload.start(ask(), sink, io, pool);
    assertThat(sink.end)
        .failsWithin(10, TimeUnit.SECONDS)
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withCauseInstanceOf(PieceDownloadException.class)
        .withMessageContaining("later");
  }

  @Test
  void aParentThatBreaksIsARefusal() {
    LocalPieceDownload.start(
        CompletableFuture.failedFuture(new IllegalStateException("a defect")), sink, io, pool);
    assertThat(sink.end)
        .failsWithin(10, TimeUnit.SECONDS)
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withMessageContaining("a defect");
  }

  @Test
  void aCancelledTakeGivesUpItsPlaceInLine() {
    pieces.hold();
    Transport.Take take = LocalPieceDownload.start(ask(), sink, io, pool);
    assertThat(pieces.waiting()).isEqualTo(1);
    take.cancel();
    assertThat(pieces.waiting()).isZero();
    pieces.release();
    assertThat(pieces.openRegions()).isZero();
  }

  @Test
  void aTakeThatIsCancelledWhilePausedLetsTheRegionGo() {
    pieces.hold();
    Transport.Take take = LocalPieceDownload.start(ask(), sink, io, pool);
    take.pause();
    pieces.release();
    assertThat(pieces.openRegions()).isEqualTo(1);
    take.cancel();
    assertThat(pieces.openRegions()).isZero();
    assertThat(sink.received.size()).isZero();
  }
}
