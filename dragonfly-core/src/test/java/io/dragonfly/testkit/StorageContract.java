package io.dragonfly.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.OutputException;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StorageConfig;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskKey;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * What every {@link Storage} promises. Extend it, return yours from {@link #open}, run it. Each
 * test also fails if files, sockets or threads outlive the storage's close.
 */
@ExtendWith(LeakCheck.class)
public abstract class StorageContract {
  private static final int PIECES = 6;
  private static final int PIECE = PieceLayout.MIN_PIECE_LENGTH;
  private static final int LENGTH = (PIECES - 1) * PIECE + 1000;
  private static final int LAST = PIECES - 1;
  private static final byte[] CONTENT = new byte[LENGTH];

  static {
    new Random(LENGTH).nextBytes(CONTENT);
  }

  @TempDir Path directory;

  /** Opens the storage under test in a home that is empty, or that such a storage was in before. */
  protected abstract Storage open(StorageConfig config) throws IOException;

  /** Tells whether a storage finds what another one has left in its home; yes unless overridden. */
  protected boolean keepsAcrossRestarts() {
    return true;
  }

  @Test
  void aPieceIsInvisibleUntilItIsSealed() throws IOException {
    try (Storage storage = open()) {
      StoredTask stored = storage.create(task("a"));
      write(stored, 1);
      assertThat(stored.has(1)).isFalse();
      assertThatThrownBy(() -> stored.region(range(1))).isInstanceOf(IOException.class);

      stored.seal(1, digest(1));
      assertThat(stored.has(1)).isTrue();
      assertThat(stored.pieces()).isEqualTo(bits(1));
      assertThat(stored.digest(1)).hasValue(digest(1));
      assertThat(read(stored, range(1))).isEqualTo(bytes(range(1)));
    }
  }

  @Test
  void anUnsealedPieceIsGoneAndItsDigestStaysKnown() throws IOException {
    try (Storage storage = open()) {
      StoredTask stored = whole(storage, "a");
      stored.unseal(1);

      assertThat(stored.has(1)).isFalse();
      assertThat(stored.pieces()).isEqualTo(bits(0, 2, 3, 4, 5));
      assertThat(stored.digest(1)).hasValue(digest(1));
      assertThatThrownBy(() -> stored.region(range(1))).isInstanceOf(IOException.class);

      write(stored, 1);
      stored.seal(1, digest(1));
      assertThat(read(stored, range(1))).isEqualTo(bytes(range(1)));
    }
  }

  @Test
  void aSealedPieceIsNotChanged() throws IOException {
    try (Storage storage = open()) {
      StoredTask stored = storage.create(task("a"));
      write(stored, 1);
      stored.seal(1, digest(1));
      ByteBuffer other = ByteBuffer.wrap(new byte[2 * PIECE]);

      assertThatThrownBy(() -> stored.write(PIECE, other)).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> stored.write(0, other.rewind())).isInstanceOf(IOException.class);
      assertThat(read(stored, range(1))).isEqualTo(bytes(range(1)));
    }
  }

  @Test
  void thePiecesAreACopy() throws IOException {
    try (Storage storage = open()) {
      StoredTask stored = whole(storage, "a");
      stored.pieces().clear();
      assertThat(stored.pieces().cardinality()).isEqualTo(PIECES);
    }
  }

  @Test
  void bytesComeInAnyOrderFromManyThreads() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (Storage storage = open()) {
      StoredTask stored = storage.create(task("a"));
      List<Integer> order = new ArrayList<>(IntStream.range(0, PIECES).boxed().toList());
      Collections.shuffle(order, new Random(7));
      List<Future<?>> running = new ArrayList<>();
      for (int piece : order) {
        running.add(threads.submit(() -> writeInHalvesAndSeal(stored, piece)));
      }
      for (Future<?> one : running) {
        one.get(30, TimeUnit.SECONDS);
      }
      assertThat(read(stored, ByteRange.of(0, LENGTH))).isEqualTo(content());
    } finally {
      threads.shutdownNow();
    }
  }

  private static Void writeInHalvesAndSeal(StoredTask stored, int piece) throws IOException {
    ByteRange all = range(piece);
    long middle = all.start() + all.length() / 2;
    stored.write(middle, ByteBuffer.wrap(bytes(ByteRange.of(middle, all.end()))));
    ByteBuffer direct = ByteBuffer.allocateDirect((int) (middle - all.start()));
    direct.put(bytes(ByteRange.of(all.start(), middle))).flip();
    stored.write(all.start(), direct);
    if (direct.hasRemaining()) {
      throw new IOException("not all of the data was used up");
    }
    stored.seal(piece, digest(piece));
    return null;
  }

  @Test
  void adjoiningBytesMayBeOfManyPieces() throws IOException {
    try (Storage storage = open()) {
      StoredTask stored = storage.create(task("a"));
      List<ByteBuffer> parts = new ArrayList<>();
      long start = range(1).start();
      for (long end : new long[] {start + 10, start + PIECE + 7, range(4).end()}) {
        byte[] part = bytes(ByteRange.of(start, end));
        parts.add(ByteBuffer.allocateDirect(part.length).put(part).flip());
        start = end;
      }
      stored.write(range(1).start(), parts);

      assertThat(parts).noneMatch(ByteBuffer::hasRemaining);
      for (int piece = 1; piece <= 4; piece++) {
        stored.seal(piece, digest(piece));
        assertThat(read(stored, range(piece))).isEqualTo(bytes(range(piece)));
      }
    }
  }

  @Test
  void aRegionHasExactlyTheBytesAskedFor() throws IOException {
    try (Storage storage = open()) {
      StoredTask stored = whole(storage, "a");
      ByteRange inOne = ByteRange.of(PIECE + 17, PIECE + 18);
      ByteRange overTwo = ByteRange.of(2L * PIECE - 3, 2L * PIECE + 5);
      ByteRange end = ByteRange.of(LENGTH - 1, LENGTH);

      for (ByteRange range : List.of(inOne, overTwo, end)) {
        assertThat(read(stored, range)).isEqualTo(bytes(range));
      }
    }
  }

  @Test
  void aRegionIsOfSealedPiecesOnly() throws IOException {
    try (Storage storage = open()) {
      StoredTask stored = storage.create(task("a"));
      write(stored, 0);
      write(stored, 1);
      write(stored, 2);
      stored.seal(0, digest(0));
      stored.seal(2, digest(2));

      assertThatThrownBy(() -> stored.region(ByteRange.of(0, 3L * PIECE)))
          .isInstanceOf(IOException.class);
      assertThatThrownBy(() -> stored.region(ByteRange.of(0, PIECE + 1L)))
          .isInstanceOf(IOException.class);
    }
  }

  @Test
  void nothingLiesBehindTheEnd() throws IOException {
    try (Storage storage = open()) {
      StoredTask stored = whole(storage, "a");
      assertThatThrownBy(() -> stored.region(ByteRange.of(0, LENGTH + 1L)))
          .isInstanceOf(IOException.class);
      stored.unseal(LAST);
      ByteBuffer tooMuch = ByteBuffer.wrap(new byte[1001]);
      assertThatThrownBy(() -> stored.write((long) LAST * PIECE, tooMuch))
          .isInstanceOf(IOException.class);
      assertThatThrownBy(() -> stored.seal(PIECES, digest(0))).isInstanceOf(IOException.class);
    }
  }

  @Test
  void tasksAreFoundByTheirIds() throws IOException {
    try (Storage storage = open()) {
      StoredTask a = storage.create(task("a"));
      StoredTask b = storage.create(task("b"));

      assertThat(a.task()).isEqualTo(task("a"));
      assertThat(storage.find(task("a").id()).orElseThrow().task()).isEqualTo(task("a"));
      assertThat(storage.find(task("c").id())).isEmpty();
      assertThat(storage.tasks())
          .extracting(StoredTask::task)
          .containsExactlyInAnyOrder(a.task(), b.task());
      assertThat(storage.versions(a.task().key()))
          .extracting(StoredTask::task)
          .containsExactly(a.task());
      assertThat(storage.versions(task("c").key())).isEmpty();
    }
  }

  @Test
  void aTaskThatIsHeldIsNotMadeAnew() throws IOException {
    try (Storage storage = open()) {
      whole(storage, "a");
      assertThat(storage.create(task("a")).pieces().cardinality()).isEqualTo(PIECES);
    }
  }

  @Test
  void tasksDoNotTouchEachOther() throws IOException {
    try (Storage storage = open()) {
      StoredTask a = whole(storage, "a");
      StoredTask b = storage.create(task("b"));
      assertThat(b.has(0)).isFalse();
      b.write(0, ByteBuffer.wrap(new byte[PIECE]));
      b.seal(0, digestOf(new byte[PIECE]));

      assertThat(read(a, range(0))).isEqualTo(bytes(range(0)));
      assertThat(a.digest(0)).hasValue(digest(0));
    }
  }

  @Test
  void aDeletedTaskIsGone() throws IOException {
    try (Storage storage = open()) {
      whole(storage, "a");
      storage.delete(task("a").id());
      storage.delete(task("a").id());

      assertThat(storage.versions(task("a").key())).isEmpty();
      assertThat(storage.find(task("a").id())).isEmpty();
      assertThat(storage.tasks()).isEmpty();
      assertThat(storage.create(task("a")).pieces()).isEqualTo(bits());
    }
  }

  @Test
  void aTaskThatIsGivenUpKeepsItsDigestsAndCanBeWrittenAgain() throws IOException {
    try (Storage storage = open()) {
      StoredTask stored = whole(storage, "a");
      try (PieceRegion open = stored.region(range(1))) {
        stored.evict();
        assertThat(open.readAll()).isEqualTo(bytes(range(1)));
      }
      assertThat(stored.pieces()).isEqualTo(bits());
      assertThat(stored.digest(2)).hasValue(digest(2));
      assertThatThrownBy(() -> stored.region(range(1))).isInstanceOf(IOException.class);

      assertThat(whole(storage, "a").pieces().cardinality()).isEqualTo(PIECES);
      assertThat(read(stored, range(1))).isEqualTo(bytes(range(1)));
    }
  }

  @Test
  void anOpenRegionOutlivesItsTask() throws IOException {
    try (Storage storage = open();
        PieceRegion region = whole(storage, "a").region(range(1))) {
      storage.delete(task("a").id());
      storage.create(task("a")).write(0, ByteBuffer.wrap(new byte[3 * PIECE]));

      assertThat(region.readAll()).isEqualTo(bytes(range(1)));
    }
  }

  @Test
  void aLengthIsLearnedAtTheEnd() throws IOException {
    Task unknown = task("u", OptionalLong.empty());
    int piece = unknown.layout().pieceLength();
    byte[] content = new byte[piece + 5];
    new Random(3).nextBytes(content);
    try (Storage storage = open()) {
      StoredTask stored = storage.create(unknown);
      stored.write(0, ByteBuffer.wrap(content));
      stored.seal(0, digestOf(Arrays.copyOf(content, piece)));
      assertThatThrownBy(() -> stored.deliver(directory.resolve("out")))
          .isInstanceOf(IOException.class);

      stored.learnLength(content.length);
      stored.learnLength(content.length);
      stored.seal(1, digestOf(Arrays.copyOfRange(content, piece, piece + 5)));

      assertThat(stored.task()).isEqualTo(unknown.withLength(content.length));
      assertThat(read(stored, ByteRange.of(0, content.length))).isEqualTo(content);
      stored.deliver(directory.resolve("out"));
      assertThat(directory.resolve("out")).hasBinaryContent(content);
    }
  }

  @Test
  void anEmptyContentIsDeliveredToo() throws IOException {
    try (Storage storage = open()) {
      storage.create(task("e", OptionalLong.of(0))).deliver(directory.resolve("out"));
      assertThat(directory.resolve("out")).isEmptyFile();
    }
  }

  @Test
  void theContentIsDeliveredInPlaceOfWhatWasThere() throws IOException {
    Path out = Files.createDirectory(directory.resolve("out"));
    Path target = Files.writeString(out.resolve("file"), "before");
    try (Storage storage = open()) {
      StoredTask stored = whole(storage, "a");
      stored.deliver(target);
      stored.deliver(target); // again: it may be there as a link of the same file
      stored.deliver(out.resolve("second"));

      assertThat(target).hasBinaryContent(content());
      assertThat(out.resolve("second")).hasBinaryContent(content());
      assertThat(out).isDirectoryNotContaining(f -> f.getFileName().toString().startsWith("."));
      assertThat(read(stored, range(0))).isEqualTo(bytes(range(0)));
    }
    assertThat(target).hasBinaryContent(content());
  }

  @Test
  void whatIsNotCompleteIsNotDelivered() throws IOException {
    Path target = Files.writeString(directory.resolve("file"), "before");
    try (Storage storage = open()) {
      StoredTask stored = whole(storage, "a");
      stored.unseal(LAST);

      assertThatThrownBy(() -> stored.deliver(target)).isInstanceOf(IOException.class);
      assertThat(target).hasContent("before");
    }
  }

  @Test
  void aPathThatCannotBeWrittenIsNamed() throws IOException {
    Path out = Files.createDirectory(directory.resolve("out"));
    Path missing = directory.resolve("no/such/directory/file");
    try (Storage storage = open()) {
      StoredTask stored = whole(storage, "a");

      for (Path target : List.of(out, missing)) {
        assertThatThrownBy(() -> stored.deliver(target))
            .isInstanceOf(OutputException.class)
            .hasMessageContaining(target.toString());
      }
      assertThat(out).isEmptyDirectory();
      assertThat(directory.resolve("no")).doesNotExist();
    }
  }

  @Test
  void whoEditsADeliveredFilePoisonsNobody() throws IOException {
    Path target = directory.resolve("file");
    try (Storage storage = open()) {
      StoredTask stored = whole(storage, "a");
      stored.deliver(target);
      try (var file = Files.newByteChannel(target, StandardOpenOption.WRITE)) {
        file.position(PIECE).write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}));
      }

      assertThat(read(stored, range(0))).isEqualTo(bytes(range(0)));
      try {
        assertThat(read(stored, range(1))).isEqualTo(bytes(range(1)));
      } catch (IOException e) {
        assertThat(stored.has(1)).as("a piece that is withdrawn").isFalse();
      }
      byte[] edited = Files.readAllBytes(target);
      if (!stored.has(1)) {
        write(stored, 1);
        stored.seal(1, digest(1));
      }
      stored.deliver(directory.resolve("second"));
      assertThat(directory.resolve("second")).hasBinaryContent(content());
      assertThat(target).as("the file of who edited it").hasBinaryContent(edited);
    }
  }

  @Test
  void eachOutputIsAFileOfItsOwn() throws IOException {
    Path first = directory.resolve("first");
    Path second = directory.resolve("second");
    try (Storage storage = open()) {
      StoredTask stored = whole(storage, "a");
      stored.deliver(first);
      stored.deliver(second);
      try (var file = Files.newByteChannel(second, StandardOpenOption.WRITE)) {
        file.write(ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}));
      }
      assertThat(first).hasBinaryContent(content());
    }
  }

  @Test
  void anOutputHasTheModeThatWasAskedFor() throws IOException {
    Assumptions.assumeTrue(
        directory.getFileSystem().supportedFileAttributeViews().contains("posix"));
    try (Storage storage = open()) {
      StoredTask stored = whole(storage, "a");
      for (String mode : List.of("rw-------", "rwxrwxrwx", "r--r-----", "rw-rw-r--")) {
        Path target = directory.resolve("out-" + mode);
        stored.deliver(target, Optional.of(PosixFilePermissions.fromString(mode)));
        assertThat(Files.getPosixFilePermissions(target))
            .isEqualTo(PosixFilePermissions.fromString(mode));
        assertThat(target).hasBinaryContent(content());
      }
    }
  }

  @Test
  void aContentThatDoesNotFitIsRefusedAndLeavesNothing() throws IOException {
    try (Storage storage = open(new StorageConfig(home(), Long.MAX_VALUE / 2))) {
      assertThatThrownBy(() -> storage.create(task("a")))
          .isInstanceOfSatisfying(
              NoSpaceException.class,
              e -> assertThat(e.neededBytes()).isGreaterThan(e.freeBytes()));
      assertThat(storage.find(task("a").id())).isEmpty();
      assertThat(storage.tasks()).isEmpty();
    }
  }

  @Test
  void anInterruptHarmsNobody() throws IOException {
    try (Storage storage = open()) {
      StoredTask stored = whole(storage, "a");
      stored.unseal(2);
      try (PieceRegion region = stored.region(range(1))) {
        Thread.currentThread().interrupt();
        write(stored, 2);
        stored.seal(2, digest(2));
        stored.deliver(directory.resolve("out"));
        assertThat(Thread.interrupted()).as("the interrupt is kept").isTrue();

        assertThat(region.readAll()).isEqualTo(bytes(range(1)));
      }
      assertThat(read(stored, range(2))).isEqualTo(bytes(range(2)));
      assertThat(directory.resolve("out")).hasBinaryContent(content());
    } finally {
      Thread.interrupted();
    }
  }

  @Test
  void whatIsSealedIsFoundByTheNextStorage() throws IOException {
    assumeThat(keepsAcrossRestarts()).isTrue();
    Task unknown = task("u", OptionalLong.empty());
    try (Storage storage = open()) {
      StoredTask a = whole(storage, "a");
      a.unseal(3);
      StoredTask u = storage.create(unknown);
      u.write(0, ByteBuffer.wrap(new byte[5]));
      u.learnLength(5);
      storage.delete(storage.create(task("b")).task().id());
    }
    try (Storage storage = open()) {
      assertThat(storage.tasks())
          .extracting(StoredTask::task)
          .containsExactlyInAnyOrder(task("a"), unknown.withLength(5));
      StoredTask a = storage.find(task("a").id()).orElseThrow();
      assertThat(a.pieces()).isEqualTo(bits(0, 1, 2, 4, 5));
      assertThat(a.digest(0)).hasValue(digest(0));
      assertThat(read(a, range(LAST))).isEqualTo(bytes(range(LAST)));

      write(a, 3);
      a.seal(3, digest(3));
      a.deliver(directory.resolve("out"));
      assertThat(directory.resolve("out")).hasBinaryContent(content());
    }
  }

  @Test
  void closingLetsAllGoAndTwiceIsHarmless() throws IOException {
    Storage storage = open();
    StoredTask stored = whole(storage, "a");
    read(stored, range(0));
    storage.close();
    storage.close();
  }

  private Storage open() throws IOException {
    return open(new StorageConfig(home(), 0));
  }

  private Path home() {
    return directory.resolve("home");
  }

  private static StoredTask whole(Storage storage, String name) throws IOException {
    StoredTask stored = storage.create(task(name));
    for (int piece = 0; piece < PIECES; piece++) {
      write(stored, piece);
      stored.seal(piece, digest(piece));
    }
    return stored;
  }

  private static void write(StoredTask stored, int piece) throws IOException {
    stored.write(range(piece).start(), ByteBuffer.wrap(bytes(range(piece))));
  }

  private static byte[] read(StoredTask stored, ByteRange range) throws IOException {
    try (PieceRegion region = stored.region(range)) {
      assertThat(region.length()).isEqualTo(range.length());
      return region.readAll();
    }
  }

  private static byte[] content() {
    return CONTENT.clone();
  }

  private static byte[] bytes(ByteRange range) {
    return Arrays.copyOfRange(CONTENT, (int) range.start(), (int) range.end());
  }

  private static ByteRange range(int piece) {
    return PieceLayout.of(LENGTH).range(piece);
  }

  private static Digest digest(int piece) {
    return digestOf(bytes(range(piece)));
  }

  private static Digest digestOf(byte[] bytes) {
    MessageDigest sha = Digest.newSha256();
    sha.update(bytes);
    return Digest.of(sha);
  }

  private static BitSet bits(int... pieces) {
    BitSet bits = new BitSet();
    Arrays.stream(pieces).forEach(bits::set);
    return bits;
  }

  private static Task task(String name) {
    return task(name, OptionalLong.of(LENGTH));
  }

  private static Task task(String name, OptionalLong length) {
    TaskKey key = new TaskKey(digestOf(name.getBytes(StandardCharsets.UTF_8)).hex());
    SourceVersion version = new SourceVersion(Optional.of("\"v1\""), length);
    return Task.of(key, version, Optional.empty(), "");
  }
}
