package io.dragonfly.internal.storage;

import static io.dragonfly.internal.storage.DiskFixture.PIECE;
import static io.dragonfly.internal.storage.DiskFixture.TASK;
import static io.dragonfly.internal.storage.DiskFixture.assertServes;
import static io.dragonfly.internal.storage.DiskFixture.bytes;
import static io.dragonfly.internal.storage.DiskFixture.digestOf;
import static io.dragonfly.internal.storage.DiskFixture.flip;
import static io.dragonfly.internal.storage.DiskFixture.put;
import static io.dragonfly.internal.storage.DiskFixture.range;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.StorageException;
import io.dragonfly.spi.StorageConfig;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Task;
import io.dragonfly.testkit.LeakCheck;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a storage finds in a home where another process has ended, one way or the other. */
@ExtendWith(LeakCheck.class)
class DiskStorageRestartTest {
  private static final int RECORD = 44;

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
  void aKilledProcessLosesNothingThatItSealed() throws Exception {
    StoredTask before = disk.open().create(TASK);
    put(before, 4);
    put(before, 0);
    put(before, 5);
    before.write(PIECE, ByteBuffer.wrap(bytes(1)));
    before.unseal(4);

    StoredTask after = disk.reopened();

    assertThat(after.task()).isEqualTo(TASK);
    assertServes(after, 0, 5);
    assertThat(after.digest(4)).hasValue(digestOf(bytes(4)));
    assertThat(after.digest(1)).isEmpty();
  }

  @Test
  void aProcessKilledInTheMiddleLosesNothingThatItSealed() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Writer.class.getName(),
                home.toString())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    int sealed = -1;
    try (BufferedReader out =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.US_ASCII))) {
      while (sealed < 100) {
        sealed = Integer.parseInt(out.readLine());
      }
    } finally {
      process.destroyForcibly().waitFor();
    }

    try (DiskStorage storage = DiskStorage.open(new StorageConfig(home, 0))) {
      StoredTask after = storage.find(Writer.TASK.id()).orElseThrow();
      for (int piece = 0; piece <= sealed; piece++) {
        assertThat(DiskFixture.read(after, Writer.TASK.layout().range(piece)))
            .isEqualTo(Writer.bytes(piece));
      }
    }
  }

  /** Writes pieces until it is killed. */
  static final class Writer {
    static final Task TASK = DiskFixture.task("w", OptionalLong.of(512L * PIECE));

    static byte[] bytes(int piece) {
      byte[] bytes = new byte[PIECE];
      Arrays.fill(bytes, (byte) (piece + 1));
      return bytes;
    }

    public static void main(String[] args) throws Exception {
      try (DiskStorage storage = DiskStorage.open(new StorageConfig(Path.of(args[0]), 0))) {
        StoredTask stored = storage.create(TASK);
        for (int piece = 0; piece < TASK.layout().pieces(); piece++) {
          stored.write(TASK.layout().range(piece).start(), ByteBuffer.wrap(bytes(piece)));
          stored.seal(piece, digestOf(bytes(piece)));
          System.out.println(piece);
        }
        System.in.read(); // the test kills it, or ends itself
      }
    }
  }

  @Test
  void goesOnWhereAKilledProcessStopped() throws Exception {
    put(disk.open().create(TASK), 0);
    put(disk.reopened(), 1);
    StoredTask third = disk.reopened();
    put(third, 2);

    assertServes(third, 0, 1, 2);
    assertServes(disk.reopened(), 0, 1, 2);
  }

  @Test
  void trustsTheJournalUntilTheKernelStartsAnew() throws Exception {
    disk.whole();
    flip(disk.data(), PIECE + 1);

    assertThat(disk.reopened().has(1)).isTrue(); // so it was not read: start-up is quick
    disk.machine().booted("boot-2");
    StoredTask after = disk.reopened();

    assertThat(after.has(1)).isTrue(); // not read yet either
    assertThat(after.isSuspect(range(1))).isTrue();
    assertFoundBad(after, 1);
    assertServes(after, 0, 2, 3, 4, 5);
    assertThat(after.digest(1)).hasValue(digestOf(bytes(1)));
    put(after, 1);
    assertThat(disk.reopened().isSuspect(range(0))).isFalse(); // it was verified in this boot
  }

  @Test
  void whatWasNotVerifiedInThisBootIsNotTrustedByTheNextProcessEither() throws Exception {
    disk.whole();
    disk.machine().booted("boot-2");
    DiskFixture.read(disk.reopened(), range(0));
    flip(disk.data(), 5 * PIECE);

    assertFoundBad(disk.reopened(), 5);
  }

  @Test
  void aFileIsVerifiedBeforeItIsHandedOutAfterACrash() throws Exception {
    disk.whole();
    flip(disk.data(), 5 * PIECE);
    disk.machine().booted("boot-2");
    StoredTask after = disk.reopened();

    assertThatThrownBy(() -> after.deliver(home.resolve("out"))).isInstanceOf(IOException.class);
    assertThat(home.resolve("out")).doesNotExist();
    put(after, 5);
    after.deliver(home.resolve("out"));
    assertThat(home.resolve("out")).hasBinaryContent(DiskFixture.content());
  }

  @Test
  void afterThreeDamagedPiecesAllAreVerifiedAlsoByTheNextProcess() throws Exception {
    disk.whole();
    for (int piece : new int[] {0, 2, 3, 5}) {
      flip(disk.data(), (long) piece * PIECE + 1);
    }
    Files.setLastModifiedTime(disk.data(), FileTime.fromMillis(0)); // nothing shows it
    StoredTask after = disk.reopened();
    for (int piece : new int[] {0, 2}) {
      after.suspect(piece); // somebody complains
      assertFoundBad(after, piece);
    }
    assertThat(after.isSuspect(range(5))).isFalse();

    after.suspect(3);
    assertFoundBad(after, 3);

    assertThat(after.isSuspect(range(1))).isTrue();
    assertThat(disk.reopened().isSuspect(range(1))).isTrue();
    assertFoundBad(after, 5);
    assertServes(after, 1, 4);
    assertThat(after.isSuspect(range(1))).isFalse();
    assertThat(disk.reopened().isSuspect(range(4))).isFalse(); // all is verified
  }

  private static void assertFoundBad(StoredTask stored, int piece) {
    assertThatThrownBy(() -> stored.region(range(piece)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("piece " + piece);
    assertThat(stored.has(piece)).isFalse();
  }

  @Test
  void verifiesEachTimeWhereBootsHaveNoNames() throws Exception {
    disk.machine().withoutBootId();
    disk.whole();
    assertServes(disk.reopened(), 0, 1, 2, 3, 4, 5);
    flip(disk.data(), 0);

    StoredTask after = disk.reopened();
    assertFoundBad(after, 0);
    assertServes(after, 1, 2, 3, 4, 5);
  }

  @Test
  void remembersTheLastUseAndWhatIsPinnedAndWhereItIsFrom() throws Exception {
    StoredTask stored = disk.whole();
    assertThat(stored.lastUrl()).isEmpty();
    stored.readFrom("https://old.test/file");
    stored.readFrom("https://source.test/file");
    assertThat(stored.lastUrl()).hasValue("https://source.test/file");
    Instant yesterday = Instant.now().minus(Duration.ofDays(1)).truncatedTo(ChronoUnit.SECONDS);
    stored.used(yesterday);
    stored.pin(true);
    assertThat(stored.lastUse()).hasValue(yesterday);
    assertThat(disk.reopened().lastUse()).hasValue(yesterday);
    assertThat(disk.reopened().lastUrl()).hasValue("https://source.test/file");
    assertThat(disk.reopened().isPinned()).isTrue();
    disk.reopened().pin(false);
    assertThat(disk.reopened().isPinned()).isFalse();
  }

  @Test
  void dropsATornLastRecord() throws Exception {
    disk.whole();
    truncate(disk.journal(), 6 * RECORD - 10);

    StoredTask after = disk.reopened();
    assertServes(after, 0, 1, 2, 3, 4);
    put(after, 5);
    assertServes(disk.reopened(), 0, 1, 2, 3, 4, 5);
  }

  @Test
  void dropsABrokenRecordAndVerifiesTheRest() throws Exception {
    disk.whole();
    flip(disk.journal(), 2 * RECORD + 20);
    flip(disk.data(), 3 * PIECE);

    StoredTask after = disk.reopened();
    assertFoundBad(after, 3);
    assertServes(after, 0, 1, 4, 5);
    assertThat(Files.size(disk.journal())).isEqualTo(6 * RECORD); // one withdrawn, none broken
  }

  @Test
  void dropsRecordsOfPiecesThatTheTaskHasNot() throws Exception {
    Task other = DiskFixture.task("b", OptionalLong.of(64L * PIECE));
    StoredTask large = disk.open().create(other);
    large.write(60L * PIECE, ByteBuffer.wrap(bytes(0)));
    large.seal(60, digestOf(bytes(0)));
    disk.whole();
    Path foreign = disk.directory().resolveSibling(other.id().hex()).resolve("pieces");
    Files.write(disk.journal(), Files.readAllBytes(foreign), StandardOpenOption.APPEND);

    assertServes(disk.reopened(), 0, 1, 2, 3, 4, 5);
  }

  @Test
  void dropsPiecesThatAShorterFileHasNot() throws Exception {
    disk.whole();
    truncate(disk.data(), 3L * PIECE - 1);

    StoredTask after = disk.reopened();
    assertServes(after, 0, 1);
    for (int piece = 2; piece < DiskFixture.PIECES; piece++) {
      put(after, piece);
    }
    after.deliver(home.resolve("out"));
    assertThat(home.resolve("out")).hasBinaryContent(DiskFixture.content());
  }

  @Test
  void learnsLengthsForGood() throws Exception {
    Task unknown = DiskFixture.task("u", OptionalLong.empty());
    StoredTask before = disk.open().create(unknown);
    before.write(0, ByteBuffer.wrap(new byte[1 << 20]));
    before.seal(0, digestOf(new byte[1 << 20]));
    StoredTask after = disk.open().find(unknown.id()).orElseThrow();
    after.learnLength((1 << 20) + 3);

    StoredTask last = disk.open().find(unknown.id()).orElseThrow();
    assertThat(last.task()).isEqualTo(unknown.withLength((1 << 20) + 3));
    assertThatThrownBy(() -> last.learnLength(3)).isInstanceOf(IllegalStateException.class);
  }

  /** Somebody may name a directory as a home that was something else before. */
  @Test
  void leavesAloneWhatIsNotOurs() throws Exception {
    disk.whole();
    Path tasks = home.resolve("tasks");
    Path inTaskName = Files.createDirectory(tasks.resolve("1".repeat(64))).resolve("mine");
    List<Path> foreign =
        List.of(
            tasks.resolve("main.yml"),
            Files.createDirectory(tasks.resolve("important")).resolve("x"),
            Files.createDirectory(tasks.resolve(".new-1")).resolve("data"),
            tasks.resolve(".hidden"),
            tasks.resolve("5".repeat(64)),
            inTaskName);
    for (Path file : foreign) {
      Files.writeString(file, "precious");
    }
    Files.writeString(inTaskName.resolveSibling("data"), "also ours by its name");

    Files.writeString(disk.directory().resolve(".DS_Store"), "beside what is ours");

    assertServes(disk.reopened(), 0, 1, 2, 3, 4, 5);

    assertThat(foreign).allSatisfy(file -> assertThat(file).hasContent("precious"));
  }

  @Test
  void dropsWhatDoesNotAddUpAndServesTheRest() throws Exception {
    disk.whole();
    Path tasks = home.resolve("tasks");
    Path noData = copyOfTask("1".repeat(64));
    Files.delete(noData.resolve("data"));
    Path noJson = copyOfTask("2".repeat(64));
    Files.write(noJson.resolve("task.json"), new byte[0]);
    Path wrongName = copyOfTask("3".repeat(64));
    Path badJson = copyOfTask("4".repeat(64));
    Files.writeString(badJson.resolve("task.json"), "{\"format\":1,\"id\":\"x\"}");
    Files.createDirectories(tasks.resolve(".new-" + UUID.randomUUID() + "/x"));
    Files.createDirectories(tasks.resolve(".deleted-" + UUID.randomUUID()));

    assertServes(disk.reopened(), 0, 1, 2, 3, 4, 5);

    assertThat(noData).doesNotExist();
    assertThat(noJson).doesNotExist();
    assertThat(wrongName).doesNotExist();
    assertThat(badJson).doesNotExist();
    try (var left = Files.list(tasks)) {
      assertThat(left).containsExactly(disk.directory());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"data", "pieces", "task.json"})
  void followsNoSymbolicLinks(String name, @TempDir Path elsewhere) throws Exception {
    disk.whole();
    Path foreign = elsewhere.resolve("foreign");
    Files.move(disk.directory().resolve(name), foreign);
    Files.createSymbolicLink(disk.directory().resolve(name), foreign);
    byte[] before = Files.readAllBytes(foreign);

    assertThat(disk.open().tasks()).isEmpty();

    assertThat(foreign).hasBinaryContent(before);
  }

  @Test
  void followsNoSymbolicLinkThatIsPutThereLater(@TempDir Path elsewhere) throws Exception {
    disk.whole();
    StoredTask stored = disk.open().find(TASK.id()).orElseThrow();
    Path foreign = elsewhere.resolve("foreign");
    Files.move(disk.data(), foreign);
    Files.createSymbolicLink(disk.data(), foreign);

    assertThatThrownBy(() -> stored.region(TASK.layout().range(0)).close())
        .isInstanceOf(IOException.class);
  }

  @Test
  void leavesAloneWhatANewerVersionHasWrittenUntilTheTaskIsAskedFor() throws Exception {
    disk.whole();
    String json = Files.readString(disk.taskFile());
    Files.writeString(disk.taskFile(), json.replace("\"format\" : 1", "\"format\" : 2"));

    DiskStorage storage = disk.open();
    assertThat(storage.tasks()).isEmpty();
    assertThat(disk.data()).exists();

    StoredTask anew = storage.create(TASK);
    assertThat(anew.pieces().isEmpty()).isTrue();
    put(anew, 0);
    assertServes(disk.reopened(), 0);
  }

  @Test
  void aHomeThatIsAFileIsNamed() throws Exception {
    Path file = Files.createFile(home.resolve("file"));
    try (DiskFixture wrong = new DiskFixture(file)) {
      assertThatThrownBy(wrong::open)
          .isInstanceOf(StorageException.class)
          .hasMessageContaining(file.toString());
    }
  }

  @Test
  void opensOnAThreadThatIsInterrupted() throws Exception {
    disk.whole();
    Thread.currentThread().interrupt();
    StoredTask after = disk.reopened();

    assertThat(Thread.interrupted()).isTrue();
    assertServes(after, 0, 1, 2, 3, 4, 5);
  }

  private Path copyOfTask(String name) throws Exception {
    Path copy = Files.createDirectory(disk.directory().resolveSibling(name));
    for (Path file : new Path[] {disk.data(), disk.journal(), disk.taskFile()}) {
      Files.copy(file, copy.resolve(file.getFileName()));
    }
    return copy;
  }

  private static void truncate(Path file, long length) throws Exception {
    try (RandomAccessFile open = new RandomAccessFile(file.toFile(), "rw")) {
      open.setLength(length);
    }
  }
}
