package io.dragonfly.internal.transfer.intake;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.contract.ForwardingStorage;
import io.dragonfly.internal.loop.IoThreads;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.PieceService.Given;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.spi.TakeException;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class IntakeTest {
  private static final byte[] BYTES = new byte[1000];
  private static final Task TASK =
      Task.of(
          ContentRequest.of(URI.create("https://source.test/a")).key(),
          new SourceVersion(Optional.of("\"1\""), OptionalLong.of(BYTES.length)),
          Optional.empty(),
          "");

  private final BufferPool pool = new BufferPool(2);

  @Test
  void allWhoWaitForRoomHearOfIt() {
    ByteBuffer one = pool.take();
    ByteBuffer other = pool.take();
    List<CompletableFuture<Void>> waiting = Stream.generate(pool::room).limit(5).toList();
    assertThat(waiting).noneMatch(CompletableFuture::isDone);

    pool.give(one);
    assertThat(waiting.stream().filter(CompletableFuture::isDone)).hasSize(1);
    pool.give(other);
    assertThat(waiting.stream().filter(CompletableFuture::isDone)).hasSize(3);
    pool.give(pool.take());
    assertThat(waiting).allMatch(CompletableFuture::isDone);
  }

  @Test
  void aPieceThatIsThereAlreadyIsDoneToo() throws Exception {
    try (DiskWriter writer = new DiskWriter("dragonfly-disk", pool);
        MemoryStorage storage = new MemoryStorage()) {
      StoredTask stored = storage.create(TASK);
      for (int time = 0; time < 2; time++) {
        PieceIntake intake = new PieceIntake(stored, 0, TASK.layout().range(0), pool, writer);
        intake.add(ByteBuffer.wrap(BYTES));
        Digest digest = intake.finish();
        assertThat(intake.seal(digest)).succeedsWithin(10, TimeUnit.SECONDS);
      }
      assertThat(stored.has(0)).isTrue();
    }
  }

  @Test
  void aTakeThatFailsGivesItsRegionBack() throws Exception {
    CompletableFuture<Void> closed = new CompletableFuture<>();
    CompletableFuture<TakeException> failed = new CompletableFuture<>();
    try (IoThreads io = new IoThreads("dragonfly-io");
        MemoryStorage storage = new MemoryStorage()) {
      StoredTask stored = storage.create(TASK);
      stored.write(0, ByteBuffer.wrap(BYTES));
      stored.seal(0, digest());
      PieceRegion region =
          stored.region(ByteRange.of(0, BYTES.length)).onClose(() -> closed.complete(null));
      Given given = new Given(region, OptionalLong.empty());
      PieceSink sink =
          new PieceSink() {
            @Override
            public void received(ByteBuffer data) {
              throw new IllegalStateException("a limiter fails");
            }

            @Override
            public void completed() {}

            @Override
            public void failed(TakeException failure) {
              failed.complete(failure);
            }
          };
      var unused = LocalTake.start(CompletableFuture.completedFuture(given), sink, io, pool);
      assertThat(closed).succeedsWithin(10, TimeUnit.SECONDS);
      assertThat(failed).succeedsWithin(10, TimeUnit.SECONDS);
    }
  }

  /** The network goes on as far as the buffers, and the disk is written in its order. */
  @Test
  @Timeout(30)
  void aDiskThatIsStuckHoldsUpNobodyBeforeTheBuffersAreUsedUp() throws Exception {
    int pieces = 8;
    int length = pieces * PieceLayout.MIN_PIECE_LENGTH;
    Task task =
        Task.of(
            ContentRequest.of(URI.create("https://source.test/stuck")).key(),
            new SourceVersion(Optional.of("\"1\""), OptionalLong.of(length)),
            Optional.empty(),
            "");
    BufferPool few = new BufferPool(pieces);
    try (DiskWriter writer = new DiskWriter("dragonfly-disk", few);
        MemoryStorage storage = new MemoryStorage()) {
      StuckTask stored = new StuckTask(storage.create(task));
      List<CompletableFuture<Void>> sealed = new ArrayList<>();
      for (int piece : new int[] {3, 7, 1, 5, 0, 6, 2, 4}) {
        assertThat(few.isEmpty()).isFalse();
        PieceIntake intake =
            new PieceIntake(stored, piece, task.layout().range(piece), few, writer);
        intake.add(ByteBuffer.allocate(PieceLayout.MIN_PIECE_LENGTH)); // does not wait
        sealed.add(intake.seal(intake.finish()));
        stored.stuck.await(); // the others all queue up behind the first
      }
      assertThat(few.isEmpty()).isTrue(); // from here on who reads from the network pauses
      assertThat(sealed).noneMatch(CompletableFuture::isDone);

      stored.goOn.countDown();
      assertThat(CompletableFuture.allOf(sealed.toArray(CompletableFuture[]::new)))
          .succeedsWithin(10, TimeUnit.SECONDS);
      assertThat(few.isEmpty()).isFalse();
      List<Long> rest = stored.offsets.subList(1, pieces);
      assertThat(rest).isSorted();
    }
  }

  /** The first write waits for the test. */
  private static final class StuckTask extends ForwardingStorage.ForwardingTask {
    private final CountDownLatch stuck = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final List<Long> offsets = new CopyOnWriteArrayList<>();

    StuckTask(StoredTask right) {
      super(right);
    }

    @Override
    public void write(long offset, ByteBuffer data) throws IOException {
      stuck.countDown();
      try {
        goOn.await();
      } catch (InterruptedException e) {
        throw new InterruptedIOException();
      }
      offsets.add(offset);
      super.write(offset, data);
    }
  }

  private static Digest digest() {
    var sha = Digest.newSha256();
    sha.update(BYTES);
    return Digest.of(sha);
  }
}
