package io.dragonfly.internal.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.NoSpaceException.Resource;
import io.dragonfly.error.StorageException;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.MemoryStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is evicted for each way in which a disk can be full, and how often that is tried. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FullDiskEvictionTest {
  private static final long FREE = 1L << 40;
  private static final byte[] BYTES = new byte[1000];

  private final FakeTicker ticker = new FakeTicker();
  private final MemoryStorage storage = new MemoryStorage();
  private final AccessTimes times = new AccessTimes(ticker, ticker.clock());
  private final Set<TaskId> used = new HashSet<>();
  private final List<TaskId> evicted = new ArrayList<>();
  private final Eviction eviction =
      new Eviction(
          storage,
          times,
          Long.MAX_VALUE,
          Duration.ZERO,
          new Eviction.Owner() {
            @Override
            public Predicate<StoredTask> used() {
              return stored -> used.contains(stored.task().id());
            }

            @Override
            public boolean evict(StoredTask stored) {
              evicted.add(stored.task().id());
              storage.delete(stored.task().id());
              return true;
            }
          });

  private int refusals;

  @AfterEach
  void close() {
    storage.close();
  }

  private static Task task(int number) {
    return DiskFixture.task("task " + number, OptionalLong.of(BYTES.length));
  }

  private TaskId whole(int number) throws IOException {
    StoredTask stored = eviction.create(task(number));
    stored.write(0, ByteBuffer.wrap(BYTES));
    stored.seal(0, DiskFixture.digestOf(BYTES));
    times.used(stored.task().id());
    ticker.advance(Duration.ofSeconds(1));
    return stored.task().id();
  }

  private void limitTasks(int most, Supplier<RuntimeException> failure) {
    storage.limitTasks(
        most,
        () -> {
          refusals++;
          return failure.get();
        });
  }

  private static NoSpaceException full(Resource resource) {
    return new NoSpaceException(resource, "full", 1, resource == Resource.DISK ? FREE : 0, null);
  }

  @ParameterizedTest
  @EnumSource(
      value = Resource.class,
      names = {"DISK", "QUOTA", "INODES"})
  void oneTaskGoesForOneMoreAlthoughTheDiskHasFreeBytes(Resource resource) throws Exception {
    TaskId first = whole(1);
    TaskId second = whole(2);
    times.used(first);
    limitTasks(2, () -> full(resource));

    assertThat(eviction.create(task(3)).task()).isEqualTo(task(3));

    assertThat(evicted).containsExactly(second);
  }

  @ParameterizedTest
  @EnumSource(
      value = Resource.class,
      names = {"DISK", "QUOTA", "INODES"})
  void aDiskThatStaysFullIsTriedABoundedNumberOfTimes(Resource resource) throws Exception {
    for (int i = 0; i < 40; i++) {
      whole(i);
    }
    limitTasks(0, () -> full(resource));

    assertThatThrownBy(() -> eviction.create(task(99))).hasMessage("full");

    // Twice as many each time: 1 + 2 + 4 + 8 + 16 + the rest, and then there are none.
    assertThat(refusals).isEqualTo(7);
    assertThat(storage.tasks()).isEmpty();
  }

  @Test
  void aTaskWithoutPiecesFreesInodesButNoBytes() throws Exception {
    eviction.create(task(1));
    limitTasks(1, () -> full(Resource.DISK));
    assertThatThrownBy(() -> eviction.create(task(2))).hasMessage("full");
    assertThat(evicted).isEmpty();

    limitTasks(1, () -> full(Resource.INODES));
    eviction.create(task(2));
    assertThat(evicted).containsExactly(task(1).id());
  }

  @Test
  void nothingIsEvictedForAFileThatIsTooLargeNorOnAReadOnlyDisk() throws Exception {
    whole(1);
    limitTasks(0, () -> full(Resource.FILE_SIZE));
    assertThatThrownBy(() -> eviction.create(task(2))).isInstanceOf(NoSpaceException.class);
    limitTasks(0, () -> new StorageException("read-only"));
    assertThatThrownBy(() -> eviction.create(task(2))).isInstanceOf(StorageException.class);

    assertThat(refusals).isEqualTo(2);
    assertThat(evicted).isEmpty();
  }

  @Test
  void nothingIsEvictedIfAllThatIsUnusedWouldNotBeEnough() throws Exception {
    whole(1);
    TaskId second = whole(2);
    TaskId pinned = whole(3);
    storage.find(pinned).orElseThrow().pin(true);
    used.add(second);
    long lacking = BYTES.length + 1;
    limitTasks(0, () -> new NoSpaceException("full", FREE + lacking, FREE, null));

    assertThatThrownBy(() -> eviction.create(task(4))).hasMessage("full");

    assertThat(refusals).isEqualTo(1);
    assertThat(evicted).isEmpty();
  }
}
