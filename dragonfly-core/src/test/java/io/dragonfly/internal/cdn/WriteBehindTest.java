package io.dragonfly.internal.cdn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.dragonfly.contract.ForwardingStorage;
import io.dragonfly.internal.loop.IoThreads;
import io.dragonfly.internal.writing.BufferPool;
import io.dragonfly.internal.writing.DiskWriter;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.Requester;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.testkit.MemoryStorage;
import io.dragonfly.testkit.UnlimitedRates;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A supernode whose disk is slower than its source. */
@ExtendWith(LeakCheck.class)
@Timeout(30)
class WriteBehindTest {
  private static final URI FILE = URI.create("fake://host/file");
  private static final int PIECE = PieceLayout.MIN_PIECE_LENGTH;
  private static final int PIECES = 32;
  private static final byte[] CONTENT = CdnFixture.bytes(PIECES * PIECE);

  private final MemoryStorage storage = new MemoryStorage();
  private final CountDownLatch stuck = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final List<ByteRange> writes = new CopyOnWriteArrayList<>();
  private final List<Integer> sealed = new CopyOnWriteArrayList<>();
  private volatile long failsAt = Long.MAX_VALUE;

  /** Each write waits for the test, and is noted when it is over. */
  private final class SlowTask extends ForwardingStorage.ForwardingTask {
    SlowTask(StoredTask right) {
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
      long end = offset + adjoining.stream().mapToLong(ByteBuffer::remaining).sum();
      if (end > failsAt) {
        throw new IOException("I/O error");
      }
      super.write(offset, adjoining);
      writes.add(ByteRange.of(offset, end));
    }
  }

  private void assertWrittenInOrder() {
    long at = 0;
    for (ByteRange write : writes) {
      assertThat(write.start()).isEqualTo(at);
      assertThat(write.length()).isLessThanOrEqualTo(DiskWriter.MOST_JOINED_BYTES);
      at = write.end();
    }
    assertThat(at).isEqualTo(CONTENT.length);
  }

  private static Task task() {
    return Task.of(
        ContentRequest.of(FILE).key(),
        new SourceVersion(Optional.of("\"1\""), OptionalLong.of(CONTENT.length)),
        Optional.empty(),
        "");
  }

  private static Digest digest(int piece) {
    var sha = Digest.newSha256();
    sha.update(CONTENT, piece * PIECE, PIECE);
    return Digest.of(sha);
  }

  @Test
  void theSourceIsReadOnAndWhatWaitsBecomesFewLongWrites() throws Exception {
    FakeSource source = new FakeSource().put(FILE, CONTENT);
    FakeTicker ticker = new FakeTicker();
    RecordingListener heard = new RecordingListener();
    CdnSettings settings =
        CdnSettings.of(
            Duration.ofSeconds(30),
            Duration.ofSeconds(60),
            new UnlimitedRates().create(Optional.empty()),
            CdnSettings.Keeping.ALL);
    try (Sources sources = new Sources(Map.of("fake", source), new SourceConfig("test"));
        CdnCache cache =
            new CdnCache(
                new ForwardingStorage(storage, SlowTask::new),
                sources,
                settings,
                new CdnCache.Time(ticker.clock(), ticker, ticker, ticker.timer()),
                heard)) {
      ContentRequest content = ContentRequest.of(FILE);
      CdnTask task =
          cache.prepare(Task.of(content.key(), source.version(FILE), Optional.empty(), ""));
      task.read(new Access(content, Requester.THIS_PROCESS, "alice"), Optional.empty());
      // Each buffer goes with the end of a piece here.
      await().until(() -> source.bytesRead() >= WriteBehind.MOST_AHEAD * PIECE);
      assertThat(source.bytesRead()).isLessThanOrEqualTo((WriteBehind.MOST_AHEAD + 2L) * PIECE);
      assertThat(heard.sealed()).isEmpty();
      assertThat(writes).isEmpty();

      goOn.countDown();
      heard.awaitCompleted();
      assertWrittenInOrder();
      // How much the disk's thread had taken when it got stuck depends on who was faster.
      assertThat(writes).anyMatch(write -> write.length() == DiskWriter.MOST_JOINED_BYTES);
      assertThat(heard.sealed()).isSorted().hasSize(PIECES);
      StoredTask stored = storage.find(task.task().id()).orElseThrow();
      try (PieceRegion region = stored.region(ByteRange.of(0, CONTENT.length))) {
        assertThat(region.readAll()).isEqualTo(CONTENT);
      }
    }
  }

  @Test
  void noMoreWaitsForTheDiskThanThereAreBuffers() throws Exception {
    BufferPool pool = new BufferPool(4);
    try (IoThreads threads = new IoThreads("dragonfly-read");
        DiskWriter writer = new DiskWriter("dragonfly-cdn-write")) {
      StoredTask stored = new SlowTask(storage.create(task()));
      WriteBehind behind =
          new WriteBehind(
              stored, new WriteBehind.Buffers(pool, writer), (piece, digest) -> sealed.add(piece));
      CompletableFuture<Boolean> read = threads.call(() -> readAll(behind));
      stuck.await();
      await().until(pool::isEmpty);
      assertThat(pool.out()).isEqualTo(4);
      assertThat(read).isNotDone();

      goOn.countDown();
      assertThat(read).succeedsWithin(10, TimeUnit.SECONDS);
      assertWrittenInOrder();
      assertThat(sealed).isSorted().hasSize(PIECES);
      assertThat(pool.out()).isZero();
    }
  }

  private static boolean readAll(WriteBehind behind) throws IOException {
    for (int piece = 0; piece < PIECES; piece++) {
      for (int at = 0; at < PIECE; at += PIECE / 4) { // as a source brings it
        int from = piece * PIECE + at;
        behind.write(from, CONTENT, from, PIECE / 4);
      }
      behind.seal(piece, digest(piece));
    }
    behind.finish();
    return true;
  }

  @Test
  void aDiskThatFailsIsToldOfAndLeavesNoBuffer() {
    goOn.countDown();
    failsAt = 5 * PIECE;
    BufferPool pool = new BufferPool(4);
    try (DiskWriter writer = new DiskWriter("dragonfly-cdn-write")) {
      WriteBehind behind =
          new WriteBehind(
              new SlowTask(storage.create(task())),
              new WriteBehind.Buffers(pool, writer),
              (piece, digest) -> sealed.add(piece));
      assertThatThrownBy(() -> readAll(behind))
          .isInstanceOf(IOException.class)
          .hasMessage("I/O error");
      behind.end();
      assertThat(pool.out()).isZero();
      assertThat(sealed).doesNotContain(5).isSubsetOf(0, 1, 2, 3, 4);
    }
  }

  @Test
  void aPieceThatBreaksOffIsNotWrittenAnyMore() throws Exception {
    BufferPool pool = new BufferPool(4);
    try (DiskWriter writer = new DiskWriter("dragonfly-cdn-write")) {
      StoredTask stored = new SlowTask(storage.create(task()));
      WriteBehind behind =
          new WriteBehind(
              stored, new WriteBehind.Buffers(pool, writer), (piece, digest) -> sealed.add(piece));
      behind.write(0, CONTENT, 0, PIECE);
      behind.seal(0, digest(0));
      behind.write(PIECE, CONTENT, PIECE, 1000);
      goOn.countDown();
      behind.end();

      assertThat(writes).containsExactly(ByteRange.of(0, PIECE));
      assertThat(stored.has(0)).isTrue();
      assertThat(pool.out()).isZero();
      assertThatThrownBy(() -> behind.seal(1, digest(1))).isInstanceOf(IllegalStateException.class);
    }
  }
}
