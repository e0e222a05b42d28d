package io.dragonfly.internal.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.spi.PieceRegion;
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
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;

/** A home with a task of six pieces, and processes that use it one after the other. */
final class DiskFixture implements AutoCloseable {
  static final int PIECES = 6;
  static final int PIECE = PieceLayout.MIN_PIECE_LENGTH;
  static final int LENGTH = (PIECES - 1) * PIECE + 1000;
  private static final byte[] CONTENT = new byte[LENGTH];

  static {
    new Random(LENGTH).nextBytes(CONTENT);
  }

  static final Task TASK = task("a", OptionalLong.of(LENGTH));

  private final Path home;
  private final FakeMachine machine = new FakeMachine();
  private final List<DiskStorage> opened = new ArrayList<>();

  DiskFixture(Path home) {
    this.home = home;
  }

  FakeMachine machine() {
    return machine;
  }

  /**
   * Opens the home, also while it is open: the one before is then like a process that was killed.
   */
  DiskStorage open() {
    return open(0);
  }

  DiskStorage open(long reserveBytes) {
    return open(reserveBytes, Duration.ofHours(1));
  }

  DiskStorage open(long reserveBytes, Duration syncDelay) {
    DiskStorage storage =
        DiskStorage.open(new StorageConfig(home, reserveBytes), machine, syncDelay);
    opened.add(storage);
    return storage;
  }

  /** Opens the home and returns the task in it. */
  StoredTask reopened() {
    return open().find(TASK.id()).orElseThrow();
  }

  StoredTask whole() throws IOException {
    StoredTask stored = open().create(TASK);
    for (int piece = 0; piece < PIECES; piece++) {
      put(stored, piece);
    }
    return stored;
  }

  static void put(StoredTask stored, int piece) throws IOException {
    stored.write(range(piece).start(), ByteBuffer.wrap(bytes(piece)));
    stored.seal(piece, digestOf(bytes(piece)));
  }

  Path directory() {
    return directory(TASK);
  }

  Path directory(Task task) {
    return home.resolve("tasks").resolve(task.id().hex());
  }

  Path data() {
    return directory().resolve("data");
  }

  Path journal() {
    return directory().resolve("pieces");
  }

  Path taskFile() {
    return directory().resolve("task.json");
  }

  /** Changes a byte of a file in place. */
  static void flip(Path file, long at) throws IOException {
    try (var channel =
        Files.newByteChannel(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      channel.position(at).read(one);
      one.put(0, (byte) ~one.get(0)).flip();
      channel.position(at).write(one);
    }
  }

  static void assertServes(StoredTask stored, int... pieces) throws IOException {
    assertThat(stored.pieces()).isEqualTo(bits(pieces));
    for (int piece : pieces) {
      assertThat(read(stored, range(piece))).isEqualTo(bytes(piece));
    }
  }

  static byte[] read(StoredTask stored, ByteRange range) throws IOException {
    try (PieceRegion region = stored.region(range)) {
      return region.readAll();
    }
  }

  static byte[] content() {
    return CONTENT.clone();
  }

  static byte[] bytes(int piece) {
    return Arrays.copyOfRange(CONTENT, (int) range(piece).start(), (int) range(piece).end());
  }

  static ByteRange range(int piece) {
    return TASK.layout().range(piece);
  }

  static Digest digestOf(byte[] bytes) {
    MessageDigest sha = Digest.newSha256();
    sha.update(bytes);
    return Digest.of(sha);
  }

  static BitSet bits(int... pieces) {
    BitSet bits = new BitSet();
    Arrays.stream(pieces).forEach(bits::set);
    return bits;
  }

  static Task task(String name, OptionalLong length) {
    TaskKey key = new TaskKey(digestOf(name.getBytes(StandardCharsets.UTF_8)).hex());
    Optional<Digest> digest = Optional.of(digestOf(new byte[] {1}));
    return Task.of(key, new SourceVersion(Optional.of("\"v1\""), length), digest, "");
  }

  @Override
  public void close() {
    opened.forEach(DiskStorage::close);
  }
}
