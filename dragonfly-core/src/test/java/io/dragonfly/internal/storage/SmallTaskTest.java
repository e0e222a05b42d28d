package io.dragonfly.internal.storage;

import static io.dragonfly.internal.storage.DiskFixture.bits;
import static io.dragonfly.internal.storage.DiskFixture.digestOf;
import static io.dragonfly.internal.storage.DiskFixture.flip;
import static io.dragonfly.internal.storage.DiskFixture.put;
import static io.dragonfly.internal.storage.DiskFixture.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Task;
import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the store spares itself for a content that is quickly fetched once more. */
@ExtendWith(LeakCheck.class)
class SmallTaskTest {
  private static final byte[] CONTENT = new byte[(int) DiskTask.SMALL_BYTES];
  private static final Task TASK = DiskFixture.task("small", OptionalLong.of(CONTENT.length));
  private static final ByteRange ALL = new ByteRange(0, CONTENT.length);

  @TempDir Path directory;
  private DiskFixture disk;

  @BeforeEach
  void makeHome() {
    disk = new DiskFixture(directory.resolve("home"));
  }

  @AfterEach
  void close() {
    disk.close();
  }

  private static StoredTask whole(Storage storage) throws IOException {
    StoredTask stored = storage.create(TASK);
    stored.write(0, ByteBuffer.wrap(CONTENT));
    stored.seal(0, digestOf(CONTENT));
    return stored;
  }

  @Test
  void isNotSynced() throws Exception {
    Storage storage = disk.open(0, Duration.ofMillis(1));
    whole(storage);
    put(storage.create(DiskFixture.TASK), 0); // larger: its sync would come after the other's

    var synced = disk.machine().synced();
    assertThat(synced.poll(10, TimeUnit.SECONDS)).isEqualTo(disk.data());
    assertThat(synced.poll(10, TimeUnit.SECONDS)).isEqualTo(disk.journal());
    assertThat(synced).doesNotContain(disk.directory(TASK), disk.directory(TASK).resolve("data"));
  }

  @Test
  void isVerifiedAfterACrashOfTheMachine() throws Exception {
    whole(disk.open());
    Path data = disk.directory(TASK).resolve("data");
    disk.machine().booted("boot-2");
    assertThat(read(disk.open().find(TASK.id()).orElseThrow(), ALL)).isEqualTo(CONTENT);

    flip(data, 0);
    disk.machine().booted("boot-3");
    StoredTask after = disk.open().find(TASK.id()).orElseThrow();
    assertThatThrownBy(() -> read(after, ALL)).isInstanceOf(IOException.class);
    assertThat(after.pieces()).isEqualTo(bits());
  }

  @Test
  void isDeliveredByACopyForWhichTheStoreWritesNothing() throws Exception {
    assumeThat(directory.getFileSystem().supportedFileAttributeViews()).contains("unix");
    StoredTask stored = whole(disk.open());
    Path record = disk.directory(TASK).resolve("task.json");
    Object before = Files.getAttribute(record, "unix:ino");
    Path target = directory.resolve("file");

    stored.deliver(target, Optional.empty());

    assertThat(Files.getAttribute(record, "unix:ino")).isEqualTo(before);
    assertThat(Files.getAttribute(target, "unix:nlink")).isEqualTo(1);
    assertThat(target).hasBinaryContent(CONTENT);
    flip(target, 0);
    assertThat(read(stored, ALL)).isEqualTo(CONTENT);
  }
}
