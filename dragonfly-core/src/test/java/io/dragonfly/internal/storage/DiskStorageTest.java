package io.dragonfly.internal.storage;

import static io.dragonfly.internal.storage.DiskFixture.PIECE;
import static io.dragonfly.internal.storage.DiskFixture.TASK;
import static io.dragonfly.internal.storage.DiskFixture.bytes;
import static io.dragonfly.internal.storage.DiskFixture.digestOf;
import static io.dragonfly.internal.storage.DiskFixture.put;
import static io.dragonfly.internal.storage.DiskFixture.range;
import static io.dragonfly.internal.storage.DiskFixture.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.dragonfly.internal.plugin.Plugins;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StorageConfig;
import io.dragonfly.spi.StorageProvider;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.testkit.StorageContract;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskStorageTest extends StorageContract {
  @TempDir Path home;

  @Override
  protected Storage open(StorageConfig config) throws IOException {
    return Plugins.byName(StorageProvider.class, StorageProvider::name, "disk", "").create(config);
  }

  @Test
  void onlyTheOwnerReadsTheStore() throws Exception {
    assumeThat(home.getFileSystem().supportedFileAttributeViews()).contains("posix");
    try (DiskFixture disk = new DiskFixture(home.resolve("store"))) {
      disk.whole().deliver(home.resolve("out"));

      assertThat(mode(home.resolve("store"))).isEqualTo("rwx------");
      assertThat(mode(home.resolve("store/tasks"))).isEqualTo("rwx------");
      assertThat(mode(disk.directory())).isEqualTo("rwx------");
      assertThat(mode(disk.taskFile())).isEqualTo("rw-------");
      assertThat(mode(disk.journal())).isEqualTo("rw-------");
      assertThat(mode(disk.data())).isEqualTo(mode(Files.createFile(home.resolve("new"))));
      try (var files = Files.list(disk.directory())) {
        assertThat(files).hasSize(3);
      }
    }
  }

  @Test
  void adjoiningBytesTakeOneCallOfTheSystem() throws Exception {
    try (DiskFixture disk = new DiskFixture(home)) {
      disk.machine().countingWrites();
      StoredTask stored = disk.open().create(TASK);
      stored.write(
          range(1).start(),
          List.of(direct(bytes(1)), direct(new byte[0]), direct(bytes(2)), direct(bytes(3))));
      for (int piece = 1; piece <= 3; piece++) {
        stored.seal(piece, digestOf(bytes(piece)));
        assertThat(read(stored, range(piece))).isEqualTo(bytes(piece));
      }
      put(stored, 0); // by position, wherever the last one has left the channel
      assertThat(read(stored, range(0))).isEqualTo(bytes(0));
      assertThat(disk.machine().writes(disk.data())).containsExactly(3L * PIECE, (long) PIECE);
    }
  }

  private static ByteBuffer direct(byte[] bytes) {
    return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
  }

  @Test
  void holdsFarMoreTasksThanFilesOpen() throws Exception {
    Path descriptors = Path.of("/proc/self/fd");
    assumeThat(descriptors).isDirectory();
    try (DiskFixture disk = new DiskFixture(home)) {
      Storage storage = disk.open();
      int before = count(descriptors);
      for (int i = 0; i < 200; i++) {
        StoredTask stored = storage.create(DiskFixture.task("t" + i, OptionalLong.of(PIECE)));
        stored.write(0, ByteBuffer.wrap(bytes(0)));
        stored.seal(0, digestOf(bytes(0)));
        assertThat(read(stored, ByteRange.of(0, PIECE))).isEqualTo(bytes(0));
      }
      assertThat(count(descriptors) - before).isLessThanOrEqualTo(200);
      storage.close();
      assertThat(count(descriptors)).isLessThanOrEqualTo(before);
    }
  }

  @Test
  void aReaderThatIsInterruptedHarmsTheOthersNoLongerThanTheirRegions() throws Exception {
    try (DiskFixture disk = new DiskFixture(home)) {
      StoredTask stored = disk.whole();
      try (PieceRegion region = stored.region(range(0))) {
        Thread.currentThread().interrupt();
        assertThatThrownBy(region::readAll).isInstanceOf(IOException.class);
        assertThat(Thread.interrupted()).isTrue();
      }
      assertThat(read(stored, range(0))).isEqualTo(bytes(0));
    }
  }

  @Test
  void aTaskThatWasDeletedTakesNothingMore() throws Exception {
    try (DiskFixture disk = new DiskFixture(home)) {
      Storage storage = disk.open();
      StoredTask old = storage.create(TASK);
      put(old, 0);
      storage.delete(TASK.id());
      StoredTask anew = storage.create(TASK);

      assertThatThrownBy(() -> put(old, 1)).hasMessageContaining("no longer stored");
      assertThatThrownBy(() -> old.region(range(0))).hasMessageContaining("no longer stored");
      assertThatThrownBy(() -> old.unseal(0)).hasMessageContaining("no longer stored");
      assertThatThrownBy(() -> old.learnLength(DiskFixture.LENGTH))
          .hasMessageContaining("no longer stored");
      assertThatThrownBy(() -> old.pin(true)).hasMessageContaining("no longer stored");
      assertThatThrownBy(() -> old.readFrom("https://h/")).hasMessageContaining("no longer stored");
      assertThatThrownBy(() -> old.used(Instant.EPOCH)).hasMessageContaining("no longer stored");
      assertThat(anew.pieces().isEmpty()).isTrue();
      StoredTask after = disk.reopened();
      assertThat(after.isPinned()).isFalse();
      assertThat(after.lastUrl()).isEmpty();
      assertThat(after.lastUse().orElseThrow()).isAfter(Instant.EPOCH);
    }
  }

  @Test
  void aTaskWhoseFilesAreGoneCanBeDeletedAndCreatedAnew() throws Exception {
    try (DiskFixture disk = new DiskFixture(home)) {
      Storage storage = disk.open();
      put(storage.create(TASK), 0);
      Files.move(disk.directory(), home.resolve("elsewhere"));

      storage.delete(TASK.id());

      assertThat(storage.tasks()).isEmpty();
      put(storage.create(TASK), 1);
      DiskFixture.assertServes(disk.reopened(), 1);
    }
  }

  @Test
  void aTaskThatCannotBeDeletedIsStillUsed() throws Exception {
    assumeThat(home.getFileSystem().supportedFileAttributeViews()).contains("posix");
    try (DiskFixture disk = new DiskFixture(home)) {
      Storage storage = disk.open();
      StoredTask stored = storage.create(TASK);
      put(stored, 0);
      Path tasks = disk.directory().getParent();
      Files.setPosixFilePermissions(tasks, PosixFilePermissions.fromString("r-x------"));
      try {
        assumeThat(Files.isWritable(tasks)).as("root may write everywhere").isFalse();
        assertThatThrownBy(() -> storage.delete(TASK.id())).isInstanceOf(IOException.class);
      } finally {
        Files.setPosixFilePermissions(tasks, PosixFilePermissions.fromString("rwx------"));
      }

      assertThat(storage.tasks()).containsExactly(stored);
      stored.pin(true);
      put(stored, 1);
      DiskFixture.assertServes(disk.reopened(), 0, 1);
      assertThat(disk.reopened().isPinned()).isTrue();
    }
  }

  @Test
  void aStorageThatIsClosedTakesNothingMore() throws Exception {
    try (DiskFixture disk = new DiskFixture(home)) {
      DiskStorage storage = disk.open();
      StoredTask stored = storage.create(TASK);
      put(stored, 0);
      storage.close();

      assertThatThrownBy(() -> storage.create(TASK)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> put(stored, 1)).hasMessageContaining("closed");
      assertThatThrownBy(() -> stored.region(range(0))).hasMessageContaining("closed");
    }
  }

  @Test
  void onlySha256DigestsSealPieces() throws Exception {
    try (DiskFixture disk = new DiskFixture(home)) {
      StoredTask stored = disk.whole();
      assertThatThrownBy(() -> stored.seal(0, new Digest(Digest.MD5, "0".repeat(32))))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> stored.seal(0, digestOf(bytes(1)))).isInstanceOf(IOException.class);
      stored.seal(0, digestOf(bytes(0))); // once more is harmless
    }
  }

  @Test
  void rangesThatCannotBeAreRefused() throws Exception {
    try (DiskFixture disk = new DiskFixture(home)) {
      StoredTask stored = disk.whole();
      assertThatThrownBy(() -> stored.region(ByteRange.of(Long.MAX_VALUE - 1, Long.MAX_VALUE)))
          .isInstanceOf(IOException.class);
      assertThatThrownBy(() -> stored.write(Long.MAX_VALUE, ByteBuffer.allocate(1)))
          .isInstanceOf(IOException.class);
      assertThatThrownBy(() -> stored.write(-1, ByteBuffer.allocate(1)))
          .isInstanceOf(IOException.class);
      assertThat(read(stored, ByteRange.of(5, 5))).isEmpty();
    }
  }

  @Test
  void whoReadsWhileTasksComeAndGoGetsRightBytesOrNone() throws Exception {
    AtomicBoolean end = new AtomicBoolean();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (DiskFixture disk = new DiskFixture(home)) {
      Storage storage = disk.open();
      Future<Integer> reads = threads.submit(() -> readUntil(end, storage));
      Future<Integer> more = threads.submit(() -> readUntil(end, storage));
      for (int round = 0; round < 150; round++) {
        StoredTask stored = storage.create(TASK);
        stored.write(0, ByteBuffer.wrap(new byte[PIECE])); // what must never be seen
        put(stored, 0);
        storage.delete(TASK.id());
      }
      end.set(true);
      assertThat(reads.get(30, TimeUnit.SECONDS) + more.get(30, TimeUnit.SECONDS)).isNotNegative();
    } finally {
      end.set(true);
      threads.shutdownNow();
    }
  }

  private static int readUntil(AtomicBoolean end, Storage storage) {
    int reads = 0;
    while (!end.get()) {
      Optional<StoredTask> stored = storage.find(TASK.id());
      if (stored.isPresent()) {
        try {
          assertThat(read(stored.get(), range(0))).isEqualTo(bytes(0));
          reads++;
        } catch (IOException e) {
          // deleted, or not sealed yet
        }
      }
    }
    return reads;
  }

  private static int count(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return (int) files.count();
    }
  }

  private static String mode(Path path) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
  }
}
