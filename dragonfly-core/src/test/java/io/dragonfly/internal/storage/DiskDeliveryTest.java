package io.dragonfly.internal.storage;

import static io.dragonfly.internal.storage.DiskFixture.PIECE;
import static io.dragonfly.internal.storage.DiskFixture.PIECES;
import static io.dragonfly.internal.storage.DiskFixture.assertServes;
import static io.dragonfly.internal.storage.DiskFixture.bytes;
import static io.dragonfly.internal.storage.DiskFixture.content;
import static io.dragonfly.internal.storage.DiskFixture.flip;
import static io.dragonfly.internal.storage.DiskFixture.put;
import static io.dragonfly.internal.storage.DiskFixture.range;
import static io.dragonfly.internal.storage.DiskFixture.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.OutputException;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * How a whole task reaches a path, and what becomes of the store when its file is changed there.
 */
@ExtendWith(LeakCheck.class)
class DiskDeliveryTest {
  @TempDir Path directory;
  private DiskFixture disk;
  private Path out;
  private Path target;

  @BeforeEach
  void makeHome() throws Exception {
    assumeThat(directory.getFileSystem().supportedFileAttributeViews()).contains("unix");
    disk = new DiskFixture(directory.resolve("home"));
    out = Files.createDirectory(directory.resolve("out"));
    target = out.resolve("file");
  }

  @AfterEach
  void close() {
    if (disk != null) {
      disk.close();
    }
  }

  @Test
  void isALinkWithTheModeOfAnyNewFile() throws Exception {
    disk.whole().deliver(target);

    assertThat(inode(target)).isEqualTo(inode(disk.data()));
    assertThat(mode(target)).isEqualTo(mode(Files.createFile(out.resolve("new"))));
  }

  @Test
  void isACopyWithTheModeOfAnyNewFileWhereLinksAreNotPossible() throws Exception {
    disk.machine().withoutLinks();
    StoredTask stored = disk.whole();
    stored.deliver(target);

    assertThat(inode(target)).isNotEqualTo(inode(disk.data()));
    assertThat(target).hasBinaryContent(content());
    assertThat(mode(target)).isEqualTo(mode(Files.createFile(out.resolve("new"))));
    flip(target, 0);
    assertServes(stored, 0, 1, 2, 3, 4, 5);
  }

  @Test
  void reachesAnotherFileSystem() throws Exception {
    Path memory = Path.of("/dev/shm");
    assumeThat(memory).isWritable();
    assumeThat(Files.getFileStore(memory)).isNotEqualTo(Files.getFileStore(directory));
    Path there = Files.createTempDirectory(memory, "dragonfly-");
    try (DiskFixture real = new DiskFixture(directory.resolve("home"))) {
      real.whole().deliver(there.resolve("file"));
      assertThat(there.resolve("file")).hasBinaryContent(content());
      assertThat(there).isDirectoryNotContaining(f -> f.toString().endsWith(".part"));
    } finally {
      Files.deleteIfExists(there.resolve("file"));
      Files.delete(there);
    }
  }

  @Test
  void replacesASymbolicLinkAndNotWhatItLeadsTo() throws Exception {
    Path elsewhere = Files.writeString(directory.resolve("elsewhere"), "mine");
    Files.createSymbolicLink(target, elsewhere);
    disk.whole().deliver(target);

    assertThat(Files.isSymbolicLink(target)).isFalse();
    assertThat(target).hasBinaryContent(content());
    assertThat(elsewhere).hasContent("mine");
  }

  @Test
  void replacesALinkToADirectoryToo() throws Exception {
    Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
    Files.createSymbolicLink(target, elsewhere);
    disk.whole().deliver(target);

    assertThat(target).hasBinaryContent(content());
    assertThat(elsewhere).isEmptyDirectory();
  }

  @Test
  void saysInOneLineWhyAPathCannotBeWritten() throws Exception {
    StoredTask stored = disk.whole();
    Path file = Files.createFile(out.resolve("in-the-way"));

    refused(stored, out, "it is a directory");
    refused(
        stored, out.resolve("no/file"), "the directory " + out.resolve("no") + " does not exist");
    refused(stored, file.resolve("file"), file + " is not a directory");
    refused(stored, Path.of("/"), "it is a directory");
    try (var left = Files.list(out)) {
      assertThat(left).containsExactly(file);
    }
  }

  @Test
  void saysThatADirectoryIsNotWritable() throws Exception {
    StoredTask stored = disk.whole();
    Files.setPosixFilePermissions(out, PosixFilePermissions.fromString("r-xr-xr-x"));
    assumeThat(Files.isWritable(out)).as("a user who may not do all").isFalse();

    refused(stored, target, "the directory " + out + " is not writable");
  }

  @Test
  void saysWhatTheSystemSaysIfAFileCannotBeMade() throws Exception {
    Path proc = Path.of("/proc");
    assumeThat(proc).isDirectory();

    refused(disk.whole(), proc.resolve("dragonfly"), "Cannot write /proc/dragonfly: ");
  }

  private static void refused(StoredTask stored, Path path, String why) {
    assertThatThrownBy(() -> stored.deliver(path))
        .isInstanceOf(OutputException.class)
        .hasMessageContaining(why)
        .hasMessageNotContaining("\n");
  }

  @Test
  void aCopyThatDoesNotFitIsRefusedBeforeItsFirstByte() throws Exception {
    StoredTask stored = disk.whole();
    disk.machine().withoutLinks().withUsableBytes(1000);

    assertThatThrownBy(() -> stored.deliver(target)).isInstanceOf(NoSpaceException.class);
    assertThat(out).isEmptyDirectory();
  }

  @Test
  void whoDeletesTheFileHarmsNothing() throws Exception {
    StoredTask stored = disk.whole();
    stored.deliver(target);
    Files.delete(target);

    assertServes(stored, 0, 1, 2, 3, 4, 5);
    stored.deliver(target);
    assertThat(inode(target)).isEqualTo(inode(disk.data()));
    assertServes(stored, 0, 1, 2, 3, 4, 5);
  }

  @Test
  void aLinkInPlaceOfItselfLeavesNothingToVerify() throws Exception {
    StoredTask stored = disk.whole();
    stored.deliver(target);
    stored.deliver(target);

    assertThat(stored.isSuspect(range(0))).isFalse();
  }

  @Test
  void manyAtOnceAllGetTheFileWhileSomebodyRemovesOutputs() throws Exception {
    StoredTask stored = disk.whole();
    ExecutorService threads = Executors.newFixedThreadPool(3);
    try {
      List<Future<?>> deliveries = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Path own = out.resolve("file" + i);
        boolean removing = i == 0;
        deliveries.add(threads.submit(() -> deliverOften(stored, own, removing)));
      }
      for (Future<?> delivery : deliveries) {
        delivery.get(60, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
      assertThat(threads.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    }
    assertServes(stored, 0, 1, 2, 3, 4, 5);
  }

  private static Void deliverOften(StoredTask stored, Path own, boolean removing)
      throws IOException {
    for (int times = 0; times < 20; times++) {
      stored.deliver(own);
      assertThat(own).hasBinaryContent(content());
      if (removing) {
        Files.delete(own);
      }
    }
    return null;
  }

  @Test
  void whoChangesTheFilesModeChangesHisOwnAlone() throws Exception {
    StoredTask stored = disk.whole();
    stored.deliver(target);
    Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-------"));
    stored.deliver(out.resolve("second"));

    assertThat(inode(out.resolve("second"))).isNotEqualTo(inode(target));
    assertThat(mode(out.resolve("second"))).isEqualTo(mode(Files.createFile(out.resolve("new"))));
    assertServes(stored, 0, 1, 2, 3, 4, 5);
  }

  @Test
  void anEditIsSeenHoweverSoonItComes() throws Exception {
    for (int round = 0; round < 20; round++) {
      StoredTask stored = disk.whole();
      stored.deliver(target);
      flip(target, PIECE); // within the same step of the file system's time

      assertThatThrownBy(() -> stored.region(range(1))).isInstanceOf(IOException.class);
      assertThat(stored.has(1)).isFalse();
      disk.open().delete(DiskFixture.TASK.id());
    }
  }

  @Test
  void anEditBetweenTwoProcessesIsSeen() throws Exception {
    disk.whole().deliver(target);
    flip(target, PIECE);

    StoredTask after = disk.reopened();
    assertThatThrownBy(() -> after.region(range(1))).isInstanceOf(IOException.class);
    assertServes(after, 0, 2, 3, 4, 5);
    assertServes(disk.reopened(), 0, 2, 3, 4, 5);
  }

  @Test
  void anEditedFileIsNotDeliveredAgain() throws Exception {
    StoredTask stored = disk.whole();
    stored.deliver(target);
    flip(target, 2 * PIECE);
    flip(target, 3 * PIECE);

    assertThatThrownBy(() -> stored.deliver(out.resolve("second")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("changed on the disk");
    assertThat(out.resolve("second")).doesNotExist();
    assertServes(stored, 0, 1, 4, 5);

    byte[] edited = Files.readAllBytes(target);
    put(stored, 2);
    put(stored, 3);
    stored.deliver(out.resolve("second"));
    assertThat(out.resolve("second")).hasBinaryContent(content());
    assertThat(target).hasBinaryContent(edited);
    assertThat(inode(out.resolve("second"))).isEqualTo(inode(disk.data()));
  }

  @Test
  void whatIsGoodOfAnEditedFileIsKeptWhenItIsCopied() throws Exception {
    StoredTask stored = disk.whole();
    stored.deliver(target);
    flip(target, 0);
    flip(target, PIECE);
    assertThatThrownBy(() -> stored.region(range(1))).isInstanceOf(IOException.class);

    put(stored, 1); // makes a copy, in which piece 0 turns out bad without having been asked for

    assertServes(stored, 1, 2, 3, 4, 5);
    assertThat(inode(disk.data())).isNotEqualTo(inode(target));
  }

  @Test
  void anEditWithItsTimeRestoredPoisonsNobody() throws Exception {
    StoredTask stored = disk.whole();
    stored.deliver(target);
    FileTime before = Files.getLastModifiedTime(target);
    DiskFixture.flip(target, PIECE + 7);
    Files.setLastModifiedTime(target, before);

    assertThat(stored.isSuspect(range(1))).isTrue();
    assertThatThrownBy(() -> stored.region(range(1))).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> stored.deliver(out.resolve("second"))).isInstanceOf(IOException.class);
    put(stored, 1);
    stored.deliver(out.resolve("second"));
    assertThat(out.resolve("second")).hasBinaryContent(DiskFixture.content());
  }

  @Test
  void whatIsAppendedToAnOutputStaysThere() throws Exception {
    StoredTask stored = disk.whole();
    stored.deliver(target);
    Files.write(target, new byte[] {1, 2, 3}, StandardOpenOption.APPEND);

    stored.deliver(out.resolve("second"));

    assertThat(out.resolve("second")).hasBinaryContent(DiskFixture.content());
    assertThat(target).hasSize(DiskFixture.content().length + 3L);
    stored.deliver(target);
    assertThat(target).hasBinaryContent(DiskFixture.content());
  }

  @Test
  void aFileCutShortIsSeen() throws Exception {
    StoredTask stored = disk.whole();
    stored.deliver(target);
    Files.write(target, new byte[0]);

    assertThatThrownBy(() -> stored.region(range(0))).isInstanceOf(IOException.class);
    for (int piece = 0; piece < PIECES; piece++) {
      if (!stored.has(piece)) {
        put(stored, piece);
      }
    }
    assertServes(stored, 0, 1, 2, 3, 4, 5);
  }

  @Test
  void eachPieceOfAChangedFileIsVerifiedOnce() throws Exception {
    StoredTask stored = disk.whole();
    stored.deliver(target);
    assertThat(stored.isSuspect(range(1))).isFalse();
    Files.setLastModifiedTime(target, FileTime.fromMillis(0));
    assertThat(stored.isSuspect(range(1))).isTrue();
    assertThat(read(stored, range(1))).isEqualTo(bytes(1));
    assertThat(stored.isSuspect(range(1))).isFalse();
    assertThat(stored.isSuspect(range(2))).isTrue();
    DataFile data =
        new DataFile(disk.data(), new OpenFiles(1, Machine.LOCAL), TaskFile.read(disk.taskFile()));

    assertThat(data.difference()).isPresent(); // it is not taken for unchanged, but
    assertServes(stored, 0, 1, 2, 3, 4, 5);
    stored.deliver(out.resolve("second")); // all of it has been verified, so that now it is
    assertThat(data.difference()).isPresent();
    assertThat(
            new DataFile(
                disk.data(), new OpenFiles(1, Machine.LOCAL), TaskFile.read(disk.taskFile())))
        .returns(Optional.empty(), DiskDeliveryTest::difference);
  }

  private static Optional<FileStamp> difference(DataFile data) {
    try {
      return data.difference();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void onlyTheFirstOutputIsALink() throws Exception {
    StoredTask stored = disk.whole();
    stored.deliver(target);
    stored.deliver(out.resolve("second"));
    assertThat(inode(target)).isEqualTo(inode(disk.data()));
    assertThat(inode(out.resolve("second"))).isNotEqualTo(inode(disk.data()));
    flip(out.resolve("second"), 0);
    assertServes(stored, 0, 1, 2, 3, 4, 5);

    stored.deliver(target); // in place of itself
    assertThat(inode(target)).isEqualTo(inode(disk.data()));
    Files.delete(target);
    stored.deliver(out.resolve("third"));
    assertThat(inode(out.resolve("third"))).isEqualTo(inode(disk.data()));
  }

  @Test
  void aLinkGetsTheModeThatIsAskedForNow() throws Exception {
    StoredTask stored = disk.whole();
    Set<PosixFilePermission> secret = PosixFilePermissions.fromString("rw-------");
    stored.deliver(target, Optional.of(secret));
    assertThat(inode(target)).isEqualTo(inode(disk.data()));
    assertThat(mode(target)).isEqualTo("rw-------");
    assertServes(stored, 0, 1, 2, 3, 4, 5);

    stored.deliver(target);
    assertThat(inode(target)).isEqualTo(inode(disk.data()));
    assertThat(mode(target)).isEqualTo(mode(Files.createFile(out.resolve("new"))));
    stored.deliver(out.resolve("second"), Optional.of(secret));
    assertThat(mode(out.resolve("second"))).isEqualTo("rw-------");
    assertThat(mode(target)).isEqualTo(mode(out.resolve("new")));
    assertServes(stored, 0, 1, 2, 3, 4, 5);
  }

  @Test
  void aLinkIsNotMadeWhereANewFileWouldHaveAnotherGroup() throws Exception {
    int group = (Integer) Files.getAttribute(out, "unix:gid") + 1;
    try {
      Files.setAttribute(out, "unix:gid", group);
      Files.setAttribute(out, "unix:mode", 02755);
    } catch (IOException e) {
      assumeThat(e).as("a user who may give files away").isNull();
    }
    disk.whole().deliver(target);
    assertThat(inode(target)).isNotEqualTo(inode(disk.data()));
    assertThat(Files.getAttribute(target, "unix:gid")).isEqualTo(group);
  }

  @Test
  void aProcessKilledWhileItLinksLeavesAWarning() throws Exception {
    Path saved = directory.resolve("task.json");
    disk.machine().beforeLink(() -> Files.copy(disk.taskFile(), saved));
    disk.whole().deliver(target);
    disk.close();
    Files.copy(saved, disk.taskFile(), StandardCopyOption.REPLACE_EXISTING);
    flip(target, PIECE);

    StoredTask after = disk.reopened();
    assertThatThrownBy(() -> after.region(range(1))).isInstanceOf(IOException.class);
    assertServes(after, 0, 2, 3, 4, 5);
  }

  @Test
  void aLinkThatSomebodyElseMadeIsNoticedAtStartUp() throws Exception {
    disk.whole();
    Files.createLink(target, disk.data());
    flip(target, PIECE);

    StoredTask after = disk.reopened();
    assertThatThrownBy(() -> after.region(range(1))).isInstanceOf(IOException.class);
    assertServes(after, 0, 2, 3, 4, 5);
  }

  private static Object inode(Path file) throws IOException {
    return Files.getAttribute(file, "unix:ino", LinkOption.NOFOLLOW_LINKS);
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }
}
