package io.dragonfly.internal.storage;

import static io.dragonfly.internal.storage.DiskFixture.LENGTH;
import static io.dragonfly.internal.storage.DiskFixture.PIECE;
import static io.dragonfly.internal.storage.DiskFixture.TASK;
import static io.dragonfly.internal.storage.DiskFixture.bytes;
import static io.dragonfly.internal.storage.DiskFixture.digestOf;
import static io.dragonfly.internal.storage.DiskFixture.put;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.NoSpaceException.Resource;
import io.dragonfly.error.StorageException;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StorageConfig;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Task;
import io.dragonfly.testkit.LeakCheck;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a storage does when the disk is full, or would be. */
@ExtendWith(LeakCheck.class)
class DiskSpaceTest {
  private static final long RESERVE = 1 << 20;

  /** Each write to it fails as on a full disk: by the kernel itself. */
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

  @Test
  void saysHowMuchIsNeededAndHowMuchIsFree() {
    disk.machine().withUsableBytes(LENGTH + RESERVE - 1);
    Storage storage = disk.open(RESERVE);

    assertThatThrownBy(() -> storage.create(TASK))
        .isInstanceOfSatisfying(
            NoSpaceException.class,
            e -> {
              assertThat(e.neededBytes()).isEqualTo(LENGTH + RESERVE);
              assertThat(e.freeBytes()).isEqualTo(LENGTH + RESERVE - 1);
            })
        .hasMessageContaining(String.valueOf(LENGTH + RESERVE))
        .hasMessageContaining(String.valueOf(LENGTH + RESERVE - 1))
        .hasMessageContaining(home.toString());
    assertThat(home.resolve("tasks")).isEmptyDirectory();
  }

  @Test
  void aTwentiethOfTheDiskStaysFreeUnlessThatIsMuchOrSomethingElseIsSet() {
    long twentieth = home.toFile().getTotalSpace() / 20;
    assertThat(DiskSpace.reserveBytes(OptionalLong.empty(), home))
        .isEqualTo(Math.min(256L << 20, twentieth));
    assertThat(DiskSpace.reserveBytes(OptionalLong.of(1L << 50), home)).isEqualTo(1L << 50);
    assertThat(DiskSpace.reserveBytes(OptionalLong.of(0), home)).isZero();
  }

  @Test
  void takesWhatJustFits() {
    disk.machine().withUsableBytes(LENGTH + RESERVE);

    assertThatCode(() -> disk.open(RESERVE).create(TASK)).doesNotThrowAnyException();
  }

  @Test
  void whatOthersAreGoingToWriteIsNotFree() throws Exception {
    disk.machine().withUsableBytes(2 * LENGTH - 1);
    Storage storage = disk.open();
    StoredTask first = storage.create(TASK);
    Task second = DiskFixture.task("b", OptionalLong.of(LENGTH));

    assertThatThrownBy(() -> storage.create(second)).isInstanceOf(NoSpaceException.class);
    put(first, 0); // sealed: that much is on the disk now, and no longer to come
    assertThatCode(() -> storage.create(second)).doesNotThrowAnyException();
  }

  @Test
  void aTaskThatIsGivenUpFreesItsRoom() throws Exception {
    StoredTask stored = disk.whole();
    assertThat(blocks(disk.data())).isPositive();
    stored.evict();
    assertThat(blocks(disk.data())).isZero();
    assertThat(disk.reopened().pieces().isEmpty()).isTrue();
    assertThat(disk.reopened().digest(3)).hasValue(DiskFixture.digestOf(DiskFixture.bytes(3)));
  }

  private static long blocks(Path file) throws Exception {
    Process du = new ProcessBuilder("du", "-k", file.toString()).start();
    return Long.parseLong(new String(du.getInputStream().readAllBytes(), UTF_8).split("\\s")[0]);
  }

  @Test
  void whoHasNotWrittenForLongTakesNoRoomFromOthers() throws Exception {
    disk.machine().withUsableBytes(LENGTH);
    Storage storage = disk.open();
    storage.create(TASK);
    disk.machine().ticker().advance(Duration.ofSeconds(61));

    assertThatCode(() -> storage.create(DiskFixture.task("b", OptionalLong.of(LENGTH))))
        .doesNotThrowAnyException();
  }

  @Test
  void whoGoesOnAfterLongIsCountedAgain() throws Exception {
    disk.machine().withUsableBytes(LENGTH);
    Storage storage = disk.open();
    StoredTask first = storage.create(TASK);
    disk.machine().ticker().advance(Duration.ofSeconds(61));
    storage.create(DiskFixture.task("b", OptionalLong.of(0)));
    put(first, 0);

    Task second = DiskFixture.task("c", OptionalLong.of(PIECE + 1));
    assertThatThrownBy(() -> storage.create(second)).isInstanceOf(NoSpaceException.class);
    storage.delete(TASK.id());
    assertThatCode(() -> storage.create(second)).doesNotThrowAnyException();
  }

  @Test
  void theRestOfATaskOfAnEarlierProcessMustFitToo() throws Exception {
    put(disk.open().create(TASK), 0);
    disk.machine().withUsableBytes(LENGTH - PIECE - 1);
    Storage after = disk.open();

    assertThatThrownBy(() -> after.create(TASK)).isInstanceOf(NoSpaceException.class);
    assertThat(after.find(TASK.id()).orElseThrow().has(0)).isTrue();
    disk.machine().withUsableBytes(LENGTH - PIECE);
    assertThatCode(() -> after.create(TASK)).doesNotThrowAnyException();
  }

  @Test
  void aContentOfUnknownLengthGrowsAsFarAsTheReserve() throws Exception {
    Task unknown = DiskFixture.task("u", OptionalLong.empty());
    int piece = unknown.layout().pieceLength();
    disk.machine().withUsableBytes(RESERVE + piece);
    StoredTask stored = disk.open(RESERVE).create(unknown);
    stored.write(0, ByteBuffer.wrap(new byte[1000]));
    disk.machine().withUsableBytes(RESERVE + piece - 1000);
    stored.write(1000, ByteBuffer.wrap(new byte[piece - 1000]));

    // Before a byte of the next piece is written, and not in the middle of it.
    assertThatThrownBy(() -> stored.write(piece, ByteBuffer.wrap(new byte[1000])))
        .isInstanceOf(NoSpaceException.class);
  }

  @Test
  void aDiskThatRunsFullIsNamed() throws Exception {
    assumeThat(FakeMachine.FULL).exists();
    StoredTask stored = disk.open().create(TASK);
    disk.machine().withFull(disk.data());

    assertThatThrownBy(() -> stored.write(0, ByteBuffer.wrap(bytes(0))))
        .isInstanceOf(NoSpaceException.class)
        .hasMessageContaining(TASK.id().brief());
  }

  /** As ext4 does if a user's quota, the inodes, or the limit of a file's size is used up. */
  @ParameterizedTest
  @CsvSource({
    "Disk quota exceeded, QUOTA, raise the quota",
    "No space left on device, INODES, df -i",
    "File too large, FILE_SIZE, ulimit -f"
  })
  void aDiskThatIsFullAlthoughItHasFreeBytesSaysWhatIsUsedUp(
      String reason, Resource resource, String advice) throws Exception {
    Storage storage = disk.open();
    disk.machine().withUsableBytes(1L << 40).withFailure(reason);
    assertLacks(() -> storage.create(TASK), resource, advice);
    assertThat(home.resolve("tasks")).isEmptyDirectory();

    disk.machine().withFailure(null);
    StoredTask stored = storage.create(TASK);
    disk.machine().withFailure(reason);
    assertLacks(() -> stored.write(0, ByteBuffer.wrap(bytes(0))), resource, advice);
    disk.machine().withFailure(null);
    put(stored, 0);
  }

  private void assertLacks(ThrowingCallable call, Resource resource, String advice) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            NoSpaceException.class,
            e -> {
              assertThat(e.resource()).isEqualTo(resource);
              assertThat(e.neededBytes()).isGreaterThan(e.freeBytes());
            })
        .hasMessageContaining(TASK.id().brief())
        .hasMessageContaining(home.toString())
        .hasMessageContaining(advice);
  }

  @Test
  void aDiskThatHasBecomeReadOnlyIsNotCalledFull() throws Exception {
    Storage storage = disk.open();
    StoredTask stored = storage.create(TASK);
    disk.machine().withUsableBytes(1L << 40).withFailure("Read-only file system");

    ThrowingCallable create = () -> storage.create(DiskFixture.task("b", OptionalLong.of(1)));
    ThrowingCallable write = () -> stored.write(0, ByteBuffer.wrap(bytes(0)));
    assertThat(List.of(create, write))
        .allSatisfy(
            call ->
                assertThatThrownBy(call)
                    .isInstanceOf(StorageException.class)
                    .hasMessageContaining(home.toString())
                    .hasMessageContaining("mount it read-write"));
  }

  @Test
  void aTaskIsEvictedFromADiskOnWhichNothingCanBeWritten() throws Exception {
    StoredTask stored = disk.whole();
    StoredTask full = disk.reopened(); // it opens its files anew
    disk.machine().withFailure("No space left on device");

    full.evict();

    assertThat(full.pieces().isEmpty()).isTrue();
    assertThat(full.digest(3)).isEqualTo(stored.digest(3));
    assertThat(blocks(disk.data())).isZero();
    disk.machine().withFailure(null);
    assertThat(disk.reopened().pieces().isEmpty()).isTrue();
    put(full, 0);
    DiskFixture.assertServes(disk.reopened(), 0);
  }

  @Test
  void aPieceThatCannotBeRecordedIsNotSeen() throws Exception {
    assumeThat(FakeMachine.FULL).exists();
    StoredTask stored = disk.open().create(TASK);
    stored.write(0, ByteBuffer.wrap(bytes(0)));
    disk.machine().withFull(disk.journal());

    assertThatThrownBy(() -> stored.seal(0, digestOf(bytes(0))))
        .isInstanceOf(NoSpaceException.class);
    assertThat(stored.has(0)).isFalse();
  }

  @Test
  void aHomeThatIsGoneIsNotCalledFull() throws Exception {
    StoredTask stored;
    try (DiskStorage storage = DiskStorage.open(new StorageConfig(home.resolve("gone"), 0))) {
      stored = storage.create(TASK);
      Files.move(home.resolve("gone"), home.resolve("elsewhere"));

      assertThatThrownBy(() -> stored.write(0, ByteBuffer.wrap(bytes(0))))
          .isInstanceOf(NoSuchFileException.class);
    }
  }
}
