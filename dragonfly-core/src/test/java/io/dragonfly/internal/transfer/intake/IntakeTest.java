package io.dragonfly.internal.transfer.intake;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.contract.ForwardingStorage;
import io.dragonfly.internal.loop.IoThreads;
import io.dragonfly.internal.writing.BufferPool;
import io.dragonfly.internal.writing.DiskWriter;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.PieceService.Given;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.StoredTask;
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
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
    List<CompletableFuture<Void>> waiting =
        Stream.generate(() -> pool.room(TASK.id())).limit(5).toList();
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
    try (DiskWriter writer = new DiskWriter("dragonfly-disk");
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
    CompletableFuture<PieceDownloadException> failed = new CompletableFuture<>();
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
            public void failed(PieceDownloadException failure) {
              failed.complete(failure);
            }
          };
      var unused =
          LocalPieceDownload.start(CompletableFuture.completedFuture(given), sink, io, pool);
      assertThat(closed).succeedsWithin(10, TimeUnit.SECONDS);
      assertThat(failed).succeedsWithin(10, TimeUnit.SECONDS);
    }
  }

  /** The network goes on as far as the buffers, and the disk is written in its order. */
  @Test
  @Timeout(30)
  void aDiskThatIsStuckHoldsUpNobodyBeforeTheBuffersAreUsedUp() throws Exception {
    int pieces = 8;
    Task task = task("stuck", pieces * PieceLayout.MIN_PIECE_LENGTH);
    BufferPool few = new BufferPool(pieces);
    try (DiskWriter writer = new DiskWriter("dragonfly-disk");
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
      assertThat(stored.writes)
          .extracting(ByteRange::start)
          .containsExactly(
              3L * PieceLayout.MIN_PIECE_LENGTH, 0L, 4L * PieceLayout.MIN_PIECE_LENGTH);
    }
  }

  /** What waits for a slow disk and lies side by side is one write, in the order of the file. */
  @Test
  @Timeout(30)
  void whatWaitsForTheDiskIsWrittenInFewLongWrites() throws Exception {
    int pieces = 24;
    int piece = PieceLayout.MIN_PIECE_LENGTH;
    Task task = task("joined", pieces * piece);
    byte[] content = new byte[pieces * piece];
    new Random(pieces).nextBytes(content);
    BufferPool many = new BufferPool(pieces);
    try (DiskWriter writer = new DiskWriter("dragonfly-disk");
        MemoryStorage storage = new MemoryStorage()) {
      StuckTask stored = new StuckTask(storage.create(task));
      List<Integer> order = IntStream.range(0, pieces).boxed().collect(Collectors.toList());
      Collections.shuffle(order, new Random(1));
      Collections.swap(order, 0, order.indexOf(3)); // alone at the disk, which is stuck
      List<CompletableFuture<Void>> sealed = new ArrayList<>();
      for (int number : order) {
        PieceIntake intake =
            new PieceIntake(stored, number, task.layout().range(number), many, writer);
        intake.add(ByteBuffer.wrap(content, number * piece, piece));
        Digest digest = intake.finish();
        if (number == 15) {
          intake.abandon(); // there is a gap then
        } else {
          sealed.add(intake.seal(digest));
        }
        stored.stuck.await();
      }
      stored.goOn.countDown();
      assertThat(CompletableFuture.allOf(sealed.toArray(CompletableFuture[]::new)))
          .succeedsWithin(10, TimeUnit.SECONDS);

      assertThat(stored.writes)
          .containsExactly(
              span(3, 4), span(0, 3), span(4, 12), span(12, 15), span(16, 24)) // 1 MiB at most
          .allMatch(write -> write.length() <= DiskWriter.MOST_JOINED_BYTES);
      for (int number = 0; number < pieces; number++) {
        assertThat(stored.has(number)).isEqualTo(number != 15);
        if (number != 15) {
          try (PieceRegion region = stored.region(task.layout().range(number))) {
            assertThat(region.readAll())
                .isEqualTo(Arrays.copyOfRange(content, number * piece, (number + 1) * piece));
          }
        }
      }
      assertThat(many.out()).isZero();
    }
  }

  @Test
  @Timeout(30)
  void aLateTaskIsSealedBeforeALongQueueOfAnotherIsWritten() throws Exception {
    int pieces = 97;
    Task task = task("long", pieces * PieceLayout.MIN_PIECE_LENGTH);
    Task late = task("late", PieceLayout.MIN_PIECE_LENGTH);
    BufferPool many = new BufferPool(pieces);
    try (DiskWriter writer = new DiskWriter("dragonfly-disk");
        MemoryStorage storage = new MemoryStorage()) {
      StuckTask stored = new StuckTask(storage.create(task));
      StoredTask other = storage.create(late);
      List<CompletableFuture<Integer>> sealed = new ArrayList<>();
      for (int piece = 0; piece < pieces; piece++) {
        sealed.add(
            sealed(
                new PieceIntake(stored, piece, task.layout().range(piece), many, writer), stored));
        stored.stuck.await(); // the others all queue up behind the first
      }
      CompletableFuture<Integer> lateOne =
          sealed(new PieceIntake(other, 0, late.layout().range(0), many, writer), stored);

      stored.goOn.countDown();

      int firstTurn = 1 + 4; // 4 MiB in writes of 1 MiB
      assertThat(lateOne).succeedsWithin(10, TimeUnit.SECONDS).isEqualTo(firstTurn);
      assertThat(sealed.get(1)).succeedsWithin(10, TimeUnit.SECONDS).isEqualTo(firstTurn);
      CompletableFuture.allOf(sealed.toArray(CompletableFuture[]::new)).get(10, TimeUnit.SECONDS);
      assertThat(stored.writes).hasSize(1 + 12);
      assertThat(many.out()).isZero();
    }
  }

  /** Brings a whole piece, and returns how many writes a task has had when it was sealed. */
  private static CompletableFuture<Integer> sealed(PieceIntake intake, StuckTask counting) {
    intake.add(ByteBuffer.allocate(PieceLayout.MIN_PIECE_LENGTH));
    return intake.seal(intake.finish()).thenApply(done -> counting.writes.size());
  }

  private static ByteRange span(int first, int end) {
    return ByteRange.of(
        (long) first * PieceLayout.MIN_PIECE_LENGTH, (long) end * PieceLayout.MIN_PIECE_LENGTH);
  }

  /** A joined write that fails is the failure of all pieces that it was of. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @Timeout(30)
  void aLongWriteThatFailsFailsAllItsPieces(boolean isError) throws Exception {
    Task task = task("failing", 4 * PieceLayout.MIN_PIECE_LENGTH);
    BufferPool many = new BufferPool(8);
    try (DiskWriter writer = new DiskWriter("dragonfly-disk");
        MemoryStorage storage = new MemoryStorage()) {
      StuckTask stored = new StuckTask(storage.create(task));
      stored.failsFrom = 1;
      stored.failsWithError = isError;
      List<CompletableFuture<Void>> sealed = new ArrayList<>();
      for (int number : new int[] {3, 0, 1}) {
        PieceIntake intake =
            new PieceIntake(stored, number, task.layout().range(number), many, writer);
        intake.add(ByteBuffer.allocate(PieceLayout.MIN_PIECE_LENGTH));
        sealed.add(intake.seal(intake.finish()));
        stored.stuck.await();
      }
      stored.goOn.countDown();
      assertThat(sealed.get(0)).succeedsWithin(10, TimeUnit.SECONDS);
      for (CompletableFuture<Void> failed : sealed.subList(1, 3)) {
        assertThat(failed)
            .failsWithin(10, TimeUnit.SECONDS)
            .withThrowableOfType(ExecutionException.class)
            .withMessageContaining("no second write");
      }
      assertThat(many.out()).isZero();
    }
  }

  private static Task task(String name, long length) {
    return Task.of(
        ContentRequest.of(URI.create("https://source.test/" + name)).key(),
        new SourceVersion(Optional.of("\"1\""), OptionalLong.of(length)),
        Optional.empty(),
        "");
  }

  /** The first write waits for the test. */
  private static final class StuckTask extends ForwardingStorage.ForwardingTask {
    private final CountDownLatch stuck = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final List<ByteRange> writes = new CopyOnWriteArrayList<>();
    private volatile int failsFrom = Integer.MAX_VALUE;
    private volatile boolean failsWithError;

    StuckTask(StoredTask right) {
      super(right);
    }

    @Override
    public void write(long offset, ByteBuffer data) throws IOException {
      write(offset, List.of(data));
    }

    @Override
    public void write(long offset, List<ByteBuffer> adjoining) throws IOException {
      stuck.countDown();
      try {
        goOn.await();
      } catch (InterruptedException e) {
        throw new InterruptedIOException();
      }
      if (writes.size() >= failsFrom) {
        if (failsWithError) {
          throw new OutOfMemoryError("no second write");
        }
        throw new IOException("no second write");
      }
      long bytes = adjoining.stream().mapToLong(ByteBuffer::remaining).sum();
      writes.add(ByteRange.of(offset, offset + bytes));
      super.write(offset, adjoining);
    }
  }

  private static Digest digest() {
    var sha = Digest.newSha256();
    sha.update(BYTES);
    return Digest.of(sha);
  }
}
