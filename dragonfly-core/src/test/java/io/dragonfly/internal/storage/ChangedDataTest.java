package io.dragonfly.internal.storage;

import static io.dragonfly.internal.storage.DiskFixture.PIECE;
import static io.dragonfly.internal.storage.DiskFixture.assertServes;
import static io.dragonfly.internal.storage.DiskFixture.content;
import static io.dragonfly.internal.storage.DiskFixture.flip;
import static io.dragonfly.internal.storage.DiskFixture.put;
import static io.dragonfly.internal.storage.DiskFixture.range;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Task;
import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Who changes the data of a task in the store itself, which was never handed out, is found out. */
@ExtendWith(LeakCheck.class)
class ChangedDataTest {
  @TempDir Path directory;
  private DiskFixture disk;
  private Path target;

  @BeforeEach
  void makeHome() {
    disk = new DiskFixture(directory.resolve("home"));
    target = directory.resolve("file");
  }

  @AfterEach
  void close() {
    disk.close();
  }

  @Test
  void isFoundBeforeItIsServedHoweverSoonItComes() throws Exception {
    for (int round = 0; round < 20; round++) {
      StoredTask stored = disk.whole();
      flip(disk.data(), PIECE); // within the same step of the file system's time

      assertThat(stored.isSuspect(range(1))).isTrue();
      assertThatThrownBy(() -> stored.region(range(1))).isInstanceOf(IOException.class);
      assertServes(stored, 0, 2, 3, 4, 5);
      disk.open().delete(DiskFixture.TASK.id());
    }
  }

  @Test
  void isNotDelivered() throws Exception {
    StoredTask stored = disk.whole();
    flip(disk.data(), 2 * PIECE);

    assertThatThrownBy(() -> stored.deliver(target)).isInstanceOf(IOException.class);
    assertThat(target).doesNotExist();
    put(stored, 2);
    stored.deliver(target);
    assertThat(target).hasBinaryContent(content());
  }

  @Test
  void isNotDeliveredByACopyOfASmallOneEither() throws Exception {
    byte[] small = {7};
    Task task = DiskFixture.task("small", OptionalLong.of(1));
    StoredTask stored = disk.open().create(task);
    stored.write(0, ByteBuffer.wrap(small));
    stored.seal(0, DiskFixture.digestOf(small));
    stored.deliver(target);
    flip(disk.directory(task).resolve("data"), 0);

    assertThatThrownBy(() -> stored.deliver(directory.resolve("second")))
        .isInstanceOf(IOException.class);
    assertThat(stored.has(0)).isFalse();
    assertThat(target).hasBinaryContent(small);
  }

  @Test
  void oneBadPieceThatIsWrittenAnewDoesNotHideAnother() throws Exception {
    StoredTask stored = disk.whole();
    flip(disk.data(), PIECE);
    flip(disk.data(), 4 * PIECE);
    assertThatThrownBy(() -> stored.region(range(1))).isInstanceOf(IOException.class);

    put(stored, 1);

    assertServes(stored, 0, 1, 2, 3, 5);
    put(stored, 4);
    assertThat(stored.isSuspect(new ByteRange(0, DiskFixture.LENGTH))).isFalse();
    assertServes(stored, 0, 1, 2, 3, 4, 5);
  }

  /** What is not whole is not watched, as is what a disk loses by itself: others find it. */
  @Test
  void isReadBeforeItIsServedOnceSomebodyComplains() throws Exception {
    StoredTask stored = disk.open().create(DiskFixture.TASK);
    put(stored, 2);
    put(stored, 3);
    flip(disk.data(), 3 * PIECE);
    assertThat(stored.isSuspect(range(3))).isFalse();

    stored.suspect(2);
    stored.suspect(3);
    stored.suspect(4); // is not there
    assertThat(stored.isSuspect(range(2))).isTrue();
    assertThatThrownBy(() -> stored.region(range(3))).isInstanceOf(IOException.class);
    assertServes(stored, 2);
    assertThat(stored.isSuspect(range(2))).isFalse();
    put(stored, 3);
    put(stored, 4);
    assertThat(stored.isSuspect(new ByteRange(range(3).start(), range(4).end()))).isFalse();
  }

  @Test
  void isFoundByTheNextProcessToo() throws Exception {
    disk.whole();
    flip(disk.data(), 3 * PIECE);

    StoredTask after = disk.reopened();
    assertThat(after.isSuspect(range(3))).isTrue();
    assertThatThrownBy(() -> after.region(range(3))).isInstanceOf(IOException.class);
    assertServes(after, 0, 1, 2, 4, 5);
  }

  @Test
  void whatIsAppendedIsNotDelivered() throws Exception {
    StoredTask stored = disk.whole();
    Files.write(disk.data(), new byte[] {1, 2, 3}, StandardOpenOption.APPEND);

    stored.deliver(target);

    assertThat(target).hasBinaryContent(content());
  }
}
