package io.dragonfly.internal.storage;

import static io.dragonfly.internal.storage.DiskFixture.PIECE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.NoSpaceException.Resource;
import io.dragonfly.error.StorageException;
import io.dragonfly.spi.StorageConfig;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Predicate;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A store on a real file system of 48 MiB that is full in one way or the other. */
@Tag("slow") // mounts disks
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
@ExtendWith(LeakCheck.class)
class RealDiskTest {
  private static final int PIECES = 8 * (1 << 20) / PIECE;
  private static final byte[] BYTES = new byte[PIECE];

  static {
    Arrays.fill(BYTES, (byte) 7); // a hole in a sparse file is no piece
  }

  @TempDir Path dir;

  private final FakeTicker ticker = new FakeTicker();
  private final AccessTimes times = new AccessTimes(ticker, ticker.clock());
  private final List<TaskId> held = new ArrayList<>();
  private LoopDisk disk;
  private DiskStorage storage;
  private Eviction eviction;
  private boolean allUsed;

  private void mount(String... mkfsOptions) throws IOException {
    Assumptions.assumeTrue(
        System.getProperty("user.name").equals("root"), "only root mounts disks");
    disk = LoopDisk.mount(dir, mkfsOptions);
    storage = DiskStorage.open(new StorageConfig(disk.path().resolve("home"), 0));
    Eviction.Owner owner =
        new Eviction.Owner() {
          @Override
          public Predicate<StoredTask> used() {
            return stored -> allUsed;
          }

          @Override
          public boolean evict(StoredTask stored) throws IOException {
            if (held.contains(stored.task().id())) {
              stored.evict();
            } else {
              storage.delete(stored.task().id());
            }
            eviction.settle(stored.task().id());
            return true;
          }
        };
    eviction = new Eviction(storage, times, Long.MAX_VALUE, Duration.ZERO, owner);
  }

  @AfterEach
  void close() {
    if (storage != null) {
      storage.close();
    }
    if (disk != null) {
      disk.close();
    }
  }

  private static Task task(int number, int pieces) {
    return DiskFixture.task("task " + number, OptionalLong.of((long) pieces * PIECE));
  }

  private static void put(StoredTask stored, int piece) throws IOException {
    stored.write((long) piece * PIECE, ByteBuffer.wrap(BYTES));
    stored.seal(piece, DiskFixture.digestOf(BYTES));
  }

  private StoredTask whole(int number, int pieces) throws IOException {
    StoredTask stored = eviction.create(task(number, pieces));
    for (int piece = 0; piece < pieces; piece++) {
      put(stored, piece);
    }
    times.used(stored.task().id());
    ticker.advance(Duration.ofSeconds(1));
    return stored;
  }

  private static byte[] read(StoredTask stored, int piece) throws IOException {
    return DiskFixture.read(stored, stored.task().layout().range(piece));
  }

  @Test
  void aFullDiskLosesNoMoreThanMustGo() throws Exception {
    mount();
    TaskId first = whole(1, PIECES).task().id();
    StoredTask second = whole(2, PIECES);
    StoredTask pinned = whole(3, PIECES);
    pinned.pin(true);
    held.add(first);
    disk.fill("of somebody else", 0);

    whole(4, PIECES - 8);

    assertThat(storage.find(first).orElseThrow().pieces().isEmpty()).as("evicted").isTrue();
    assertThat(read(second, 1)).isEqualTo(BYTES);

    disk.fill("more of somebody else", 0);
    assertThatThrownBy(() -> eviction.create(task(5, 4 * PIECES)))
        .isInstanceOfSatisfying(
            NoSpaceException.class, e -> assertThat(e.resource()).isEqualTo(Resource.DISK));
    assertThat(read(second, 1)).as("evicted in vain").isEqualTo(BYTES);
    assertThat(read(pinned, 1)).isEqualTo(BYTES);
  }

  @Test
  void aSmallDiskTakesFilesUpToATwentiethOfIt() throws Exception {
    mount();
    storage.close();
    Path home = disk.path().resolve("home");
    long reserve = DiskSpace.reserveBytes(OptionalLong.empty(), home);
    storage = DiskStorage.open(new StorageConfig(home, reserve));

    long usable = disk.path().toFile().getUsableSpace();
    assertThat(storage.create(task(1, (int) (usable * 9 / 10 / PIECE)))).isNotNull();
    storage.delete(task(1, (int) (usable * 9 / 10 / PIECE)).id());
    assertThatThrownBy(() -> storage.create(task(2, (int) (usable * 97 / 100 / PIECE))))
        .isInstanceOf(NoSpaceException.class);
  }

  @Test
  void aDiskThatRunsFullInTheMiddleSaysSo() throws Exception {
    mount();
    StoredTask stored = eviction.create(task(1, PIECES));
    put(stored, 0);
    disk.fill("of somebody else", 0);

    assertThatThrownBy(() -> put(stored, 1))
        .isInstanceOfSatisfying(
            NoSpaceException.class, e -> assertThat(e.resource()).isEqualTo(Resource.DISK))
        .hasMessageContaining(disk.path().toString());
    assertThat(read(stored, 0)).isEqualTo(BYTES);
  }

  @Test
  void tasksGoForTheirInodesToo() throws Exception {
    mount("-N", "64");
    int count = 64;
    for (int i = 0; i < count; i++) {
      whole(i, 1);
    }
    assertThat(storage.tasks()).hasSizeBetween(4, 16);
    assertThat(read(storage.find(task(count - 1, 1).id()).orElseThrow(), 0)).isEqualTo(BYTES);

    allUsed = true;
    assertThatThrownBy(() -> whole(count, 1))
        .isInstanceOfSatisfying(
            NoSpaceException.class, e -> assertThat(e.resource()).isEqualTo(Resource.INODES))
        .hasMessageContaining("df -i");
  }

  @Test
  void aDiskThatBecomesReadOnlyLosesNothing() throws Exception {
    mount();
    StoredTask old = whole(1, 1);
    StoredTask begun = eviction.create(task(2, 2));
    put(begun, 0);
    int tooMany = (int) (disk.path().toFile().getUsableSpace() / PIECE);
    disk.fail();

    assertReadOnly(() -> eviction.create(task(3, 1)));
    assertReadOnly(() -> eviction.create(task(4, tooMany))); // something would have to go
    assertReadOnly(() -> put(begun, 1));
    assertReadOnly(() -> storage.delete(old.task().id()));

    assertThat(storage.tasks()).hasSize(2);
    assertThat(read(old, 0)).isEqualTo(BYTES);
    assertThat(read(begun, 0)).isEqualTo(BYTES);
  }

  private static void assertReadOnly(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(StorageException.class)
        .hasMessageContaining("mount it read-write");
  }

  @Test
  void theLimitOfAFilesSizeIsNamed() throws Exception {
    Process process =
        new ProcessBuilder(
                "bash",
                "-c",
                "ulimit -f 256; exec \"$@\"",
                "bash",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Limited.class.getName(),
                dir.resolve("home").toString())
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    assertThat(said).contains("created: FILE_SIZE").contains("written: FILE_SIZE");
  }

  /** Runs with a limit of 256 KiB for each file. */
  static final class Limited {
    public static void main(String[] args) throws Exception {
      try (DiskStorage storage = DiskStorage.open(new StorageConfig(Path.of(args[0]), 0))) {
        try {
          storage.create(task(1, 4));
        } catch (NoSpaceException e) {
          System.out.println("created: " + e.resource());
        }
        StoredTask unknown = storage.create(DiskFixture.task("u", OptionalLong.empty()));
        try {
          unknown.write(0, ByteBuffer.allocate(512 << 10));
        } catch (NoSpaceException e) {
          System.out.println("written: " + e.resource());
        }
      }
    }
  }
}
