package io.dragonfly.internal.storage;

import static io.dragonfly.internal.storage.DiskFixture.TASK;
import static io.dragonfly.internal.storage.DiskFixture.assertServes;
import static io.dragonfly.internal.storage.DiskFixture.digestOf;
import static io.dragonfly.internal.storage.DiskFixture.put;
import static io.dragonfly.internal.storage.DiskFixture.range;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Task;
import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a power cut leaves of a task. A file system may then have the new name of a file without its
 * bytes: of what was not synced, the tests take the bytes away.
 */
@ExtendWith(LeakCheck.class)
class DurabilityTest {
  private static final Task SMALL = DiskFixture.task("small", OptionalLong.of(1000));

  @TempDir Path home;
  private DiskFixture disk;

  @BeforeEach
  void makeHome() {
    disk = new DiskFixture(home);
  }

  @AfterEach
  void close() {
    disk.close();
  }

  private static StoredTask small(Storage storage) throws IOException {
    StoredTask stored = storage.create(SMALL);
    stored.write(0, ByteBuffer.wrap(new byte[1000]));
    stored.seal(0, digestOf(new byte[1000]));
    return stored;
  }

  private List<String> synced() {
    List<Path> all = new ArrayList<>();
    disk.machine().synced().drainTo(all);
    return all.stream().map(path -> path.getFileName().toString()).toList();
  }

  /** The bytes of a file that nobody synced are gone, and the kernel has started anew. */
  private void cutPower(Path lost) throws IOException {
    Files.write(lost, new byte[0]);
    disk.machine().booted("boot-2");
  }

  @Test
  void nothingIsSyncedForAPiece() throws Exception {
    disk.whole();
    assertThat(synced()).isEmpty();
  }

  @Test
  void aTaskIsKeptOnceItsFilesAndDirectoriesAreSynced() throws Exception {
    put(disk.open(0, Duration.ofMillis(1)).create(TASK), 0);

    for (Path next :
        List.of(
            disk.data(),
            disk.journal(),
            disk.taskFile(),
            disk.directory(),
            disk.directory().getParent())) {
      assertThat(disk.machine().synced().poll(10, TimeUnit.SECONDS)).isEqualTo(next);
    }
  }

  @Test
  void aRecordThatIsReplacedLaterCostsNoTask() throws Exception {
    DiskTask stored = (DiskTask) disk.whole();
    stored.sync();
    stored.readFrom("https://source.test/file");
    stored.readFrom("https://source.test/other");
    assertThat(synced()).contains("data").doesNotContain("task.json.new");
    cutPower(disk.taskFile());

    StoredTask after = disk.reopened();

    assertThat(after.isSuspect(range(0))).isTrue();
    assertServes(after, 0, 1, 2, 3, 4, 5);
    assertThat(disk.reopened().lastUse()).hasValue(stored.lastUse().orElseThrow());
  }

  @Test
  void aProcessKilledWhileItReplacesARecordLosesNothing() throws Exception {
    DiskTask stored = (DiskTask) disk.whole();
    stored.sync();
    stored.readFrom("https://source.test/file");
    Files.delete(disk.taskFile()); // the new one had not its name yet

    assertServes(disk.reopened(), 0, 1, 2, 3, 4, 5);
    assertServes(disk.reopened(), 0, 1, 2, 3, 4, 5);
  }

  @Test
  void nothingIsLeftBehindOnceTheNewRecordIsSynced() throws Exception {
    DiskTask stored = (DiskTask) disk.whole();
    stored.sync();
    stored.readFrom("https://source.test/file");
    stored.sync();
    try (var files = Files.list(disk.directory())) {
      assertThat(files).hasSize(3);
    }
    cutPower(disk.taskFile()); // not by a power cut: its bytes were synced
    assertThat(disk.open().tasks()).isEmpty();
  }

  /** A sync takes as long as the disk does, and the path is that of the next task by then. */
  @ParameterizedTest
  @ValueSource(strings = {DiskTask.TASK, DiskTask.TASK + TaskFile.KEPT + ".new"})
  void theRecordOfATaskThatWasDeletedMeanwhileIsNotKeptForTheNextOne(String synced)
      throws Exception {
    DiskStorage storage = disk.open();
    DiskTask pinned = (DiskTask) small(storage);
    pinned.pin(true);
    pinned.readFrom("https://source.test/file");
    disk.machine()
        .onceSynced(
            disk.directory(SMALL).resolve(synced),
            () -> {
              storage.delete(SMALL.id());
              small(storage);
            });

    pinned.sync();

    assertThat(TaskFile.hasCopy(disk.directory(SMALL).resolve(DiskTask.TASK))).isFalse();
    assertThat(disk.open().find(SMALL.id()).orElseThrow().isPinned()).isFalse();
  }

  @Test
  void theSyncOfATaskThatWasDeletedMeanwhileTakesNoCopyOfTheNextOne() throws Exception {
    DiskStorage storage = disk.open();
    DiskTask first = (DiskTask) small(storage);
    Path file = disk.directory(SMALL).resolve(DiskTask.TASK);
    disk.machine()
        .onceSynced(
            file,
            () -> {
              storage.delete(SMALL.id());
              small(storage).pin(true);
            });

    first.sync();

    assertThat(TaskFile.hasCopy(file)).isTrue();
  }

  @Test
  void aPinIsSyncedWhenItReturns() throws Exception {
    StoredTask stored = small(disk.open());
    stored.pin(true);

    assertThat(synced())
        .containsSubsequence("data", "pieces", "task.json", SMALL.id().hex(), "tasks");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{\"format\":1,\"id\":\"x\"}", "\0\0\0\0"})
  void aPinnedTaskOutlivesItsRecord(String damaged) throws Exception {
    small(disk.open()).pin(true);
    Path record = disk.directory(SMALL).resolve("task.json");
    cutPower(record);
    Files.writeString(record, damaged);

    StoredTask after = disk.open().find(SMALL.id()).orElseThrow();
    assertThat(after.isPinned()).isTrue();
    assertThat(DiskFixture.read(after, SMALL.layout().range(0))).isEqualTo(new byte[1000]);
    assertThat(disk.open().find(SMALL.id()).orElseThrow().isPinned()).isTrue();

    after.pin(false);
    ((DiskTask) after).sync();
    Files.writeString(record, damaged);
    assertThat(disk.open().tasks()).as("no longer pinned").isEmpty();
    assertThat(record).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(strings = {"pieces", "data"})
  void aPinnedTaskThatIsBeyondRepairIsLeftAloneUntilItIsMadeAnew(String lost) throws Exception {
    small(disk.open()).pin(true);
    Files.delete(disk.directory(SMALL).resolve(lost));

    Storage after = disk.open();
    assertThat(after.tasks()).isEmpty();
    assertThat(disk.directory(SMALL)).isDirectoryContaining("glob:**/task.json");

    small(after);
    assertThat(disk.open().find(SMALL.id()).orElseThrow().has(0)).isTrue();
  }

  @Test
  void aPinnedTaskWithoutAnyRecordIsLeftAlone() throws Exception {
    small(disk.open()).pin(true);
    try (var files = Files.newDirectoryStream(disk.directory(SMALL), "task.json*")) {
      for (Path record : files) {
        Files.writeString(record, "damaged");
      }
    }
    assertThat(disk.open().tasks()).isEmpty();
    assertThat(disk.directory(SMALL).resolve("data")).exists();
  }

  @Test
  void aJournalIsSyncedBeforeItReplacesADamagedOne() throws Exception {
    disk.whole();
    DiskFixture.flip(disk.journal(), 20);

    assertServes(disk.reopened(), 1, 2, 3, 4, 5);

    assertThat(synced()).contains("pieces.new");
  }
}
