package io.dragonfly.internal.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.internal.storage.OpenFiles.Lease;
import io.dragonfly.internal.storage.OpenFiles.Use;
import io.dragonfly.internal.storage.TaskRecord.LinkedOut;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * The bytes of a task. Once all are there, or they have been handed out by hard link, whoever
 * changes them is somebody else: then this class tells whether they still look as they did. Safe
 * for concurrent use, except that its owner keeps {@link #write} and {@link #replaceBy} apart.
 */
final class DataFile {
  private static final int BUFFER = 128 << 10;

  private final Path path;
  private final OpenFiles files;
  private final TaskFile taskFile;

  /** Held while the file is linked and its stamp taken. */
  private final ReentrantLock linking = new ReentrantLock();

  /**
   * Held while the writers' channel is used at its own position: Java has no call that writes many
   * buffers at a given one.
   */
  private final ReentrantLock gathering = new ReentrantLock();

  /** How the file looked when nothing was left to write; null before, and once it is linked out. */
  private volatile @Nullable FileStamp whole;

  /** How the file looked when the pieces in {@code good} were found to be right, if it changed. */
  @GuardedBy("this")
  private @Nullable FileStamp goodAt;

  @GuardedBy("this")
  private final BitSet good = new BitSet();

  DataFile(Path path, OpenFiles files, TaskFile taskFile) {
    this.path = path;
    this.files = files;
    this.taskFile = taskFile;
  }

  /**
   * Makes a file with the mode that any new file of this process has, since it may be linked out. A
   * known length is set at once. The file stays sparse: Java cannot ask for blocks without writing
   * them, and writing everything twice costs more than the check of the free space leaves open.
   */
  static void create(Path path, OptionalLong length) throws IOException {
    if (length.isPresent()) {
      setLength(path, length.getAsLong()); // makes it
    } else {
      Files.createFile(path);
    }
  }

  static void setLength(Path path, long length) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(length);
    }
  }

  void setLength(long length) throws IOException {
    setLength(path, length);
  }

  Path path() {
    return path;
  }

  /** Writes buffers one behind the other, by one call of the system if it takes them. */
  void write(long offset, List<ByteBuffer> adjoining) throws IOException {
    if (adjoining.size() == 1) {
      write(offset, adjoining.get(0));
      return;
    }
    ByteBuffer[] all = adjoining.toArray(ByteBuffer[]::new);
    long end = offset + remaining(all);
    gathering.lock();
    try {
      Uninterrupted.run(
          () -> {
            try (Lease lease = files.open(path, Use.WRITE)) {
              for (long left = remaining(all); left > 0; left = remaining(all)) {
                lease.channel().position(end - left).write(all);
              }
            }
          });
    } finally {
      gathering.unlock();
    }
  }

  private static long remaining(ByteBuffer[] buffers) {
    return Arrays.stream(buffers).mapToLong(ByteBuffer::remaining).sum();
  }

  private void write(long offset, ByteBuffer data) throws IOException {
    int start = data.position();
    Uninterrupted.run(
        () -> {
          try (Lease lease = files.open(path, Use.WRITE)) {
            while (data.hasRemaining()) {
              lease.channel().write(data, offset + data.position() - start);
            }
          }
        });
  }

  Lease read() throws IOException {
    return files.open(path, Use.READ);
  }

  /** Tells whether {@link #read} shares a file that is open, so that it does not block. */
  boolean isOpen() {
    return files.isOpen(path, Use.READ);
  }

  /** Reads bytes and drops them: from then on the system has them in memory. */
  void readAhead(ByteRange range) throws IOException {
    Uninterrupted.run(
        () -> {
          ByteBuffer dropped = ByteBuffer.allocate((int) Math.min(BUFFER, range.length()));
          try (Lease lease = read()) {
            for (long at = range.start(); at < range.end(); at += dropped.position()) {
              dropped.clear().limit((int) Math.min(dropped.capacity(), range.end() - at));
              if (lease.channel().read(dropped, at) <= 0) {
                return; // the file is shorter than it was: who checks or sends it will see
              }
            }
          }
        });
  }

  void sync(Machine machine) throws IOException {
    try (Lease lease = files.open(path, Use.WRITE)) {
      machine.sync(path, lease.channel());
    }
  }

  boolean isLinkedOut() {
    return taskFile.record().linkedOut().isPresent();
  }

  /** Nothing is left to write here: from now on each change is somebody else's. */
  void watch() throws IOException {
    linking.lock();
    try {
      if (!isLinkedOut()) {
        FileStamp.settle(path);
        whole = FileStamp.of(path);
      }
    } finally {
      linking.unlock();
    }
  }

  /** It is to be written again, with no harm that could be seen left in it. */
  void watchNoMore() {
    whole = null;
  }

  /** Tells whether {@link #difference} would look. */
  boolean isWatched() {
    return whole != null || isLinkedOut();
  }

  /** Tells whether there is more in the file than the content, which no digest of a piece shows. */
  boolean isLongerThan(PieceLayout layout) throws IOException {
    return layout.length().isPresent() && Files.size(path) > layout.length().getAsLong();
  }

  /** Tells whether nobody has changed the file's mode or owner. */
  private boolean isLinkable() {
    return taskFile.record().linkedOut().map(LinkedOut::linkable).orElse(true);
  }

  /** Returns how the file looks, if that is not how it looked when all was well with it. */
  Optional<FileStamp> difference() throws IOException {
    Optional<FileStamp> difference = differenceNow();
    if (difference.isEmpty()) {
      return difference;
    }
    linking.lock(); // while it is linked it changes without harm
    try {
      return differenceNow();
    } finally {
      linking.unlock();
    }
  }

  private Optional<FileStamp> differenceNow() throws IOException {
    if (!isWatched()) {
      return Optional.empty();
    }
    Optional<FileStamp> before =
        taskFile
            .record()
            .linkedOut()
            .map(LinkedOut::stamp)
            .orElseGet(() -> Optional.ofNullable(whole));
    FileStamp now = FileStamp.of(path);
    return before.filter(now::equals).isPresent() ? Optional.empty() : Optional.of(now);
  }

  synchronized boolean isKnownGood(FileStamp stamp, int piece) {
    return stamp.equals(goodAt) && good.get(piece);
  }

  synchronized void knownGood(FileStamp stamp, int piece) {
    if (!stamp.equals(goodAt)) {
      goodAt = stamp;
      good.clear();
    }
    good.set(piece);
  }

  /** Takes it that all is well with the file as it looked just before all of it was verified. */
  void accept(FileStamp verified) throws IOException {
    linking.lock();
    try {
      Optional<LinkedOut> before = taskFile.record().linkedOut();
      if (before.isEmpty()) {
        whole = verified;
        return;
      }
      boolean linkable =
          before.get().linkable()
              && before.get().stamp().filter(s -> s.rights().equals(verified.rights())).isPresent();
      setLinkedOut(new LinkedOut(Optional.of(verified), linkable));
    } finally {
      linking.unlock();
    }
  }

  private void setLinkedOut(LinkedOut linked) throws IOException {
    taskFile.update(record -> record.withLinkedOut(Optional.of(linked)));
  }

  /**
   * Has the file linked, unless somebody else has it already.
   *
   * @param target the path that it goes to, which may have it
   * @param sample how a new file looks there: this one will look the same
   * @param linker makes links of {@link #path}, and nothing else that touches the file
   * @return false if the file does not look as it did, so that nothing was done
   * @throws IOException if the linker does
   */
  boolean link(Path target, FileStamp sample, Uninterrupted.FileAction linker) throws IOException {
    linking.lock();
    try {
      if (differenceNow().isPresent()) {
        return false;
      }
      FileStamp now = FileStamp.of(path);
      if (!isLinkable() || !isAlone(target) || !now.owner().equals(sample.owner())) {
        return true;
      }
      // Whoever finds this after a crash knows that others may have had the file.
      setLinkedOut(new LinkedOut(Optional.empty(), true));
      if (!now.rights().equals(sample.rights())) {
        FileStamp.copyMode(sample, path);
      }
      FileStamp.settle(path);
      FileStamp before = FileStamp.of(path);
      try {
        linker.run();
      } finally {
        FileStamp after = FileStamp.of(path);
        boolean untouched = after.hasBytesOf(before) && after.rights().equals(before.rights());
        setLinkedOut(new LinkedOut(Optional.of(untouched ? after : before), true));
      }
      return true;
    } finally {
      linking.unlock();
    }
  }

  /** Tells whether nobody has the file but the store, and maybe the path that it goes to. */
  private boolean isAlone(Path target) throws IOException {
    if (!FileStamp.countsLinks(path)) {
      return !isLinkedOut();
    }
    boolean isThere =
        Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS) && Files.isSameFile(target, path);
    return FileStamp.links(path) == (isThere ? 2 : 1);
  }

  /**
   * Copies the file.
   *
   * @param target opens the empty file to copy to; it may be called several times
   */
  void copyTo(Uninterrupted.FileOperation<FileChannel> target) throws IOException {
    Uninterrupted.run(
        () -> {
          try (Lease from = read();
              FileChannel to = target.run()) {
            long size = from.channel().size();
            for (long at = 0; at < size; ) {
              long count = from.channel().transferTo(at, size - at, to);
              if (count == 0) {
                throw new IOException("the data has shrunk while it was copied");
              }
              at += count;
            }
          }
        });
  }

  /** Goes on with another file in this one's place, which nobody outside has. */
  void replaceBy(Path other) throws IOException {
    Files.move(other, path, StandardCopyOption.ATOMIC_MOVE);
    files.forget(path);
    watchNoMore();
    taskFile.update(record -> record.withLinkedOut(Optional.empty()));
  }

  /** Reads bytes of a file and tells whether they have this digest. */
  boolean matches(Path file, ByteRange range, Digest digest) throws IOException {
    return Uninterrupted.call(
        () -> {
          MessageDigest sha = Digest.newSha256();
          ByteBuffer buffer = ByteBuffer.allocate(BUFFER);
          try (Lease lease = files.open(file, Use.READ)) {
            for (long at = range.start(); at < range.end(); at += buffer.position()) {
              buffer.clear().limit((int) Math.min(BUFFER, range.end() - at));
              if (lease.channel().read(buffer, at) <= 0) {
                return false; // the file is shorter than it was
              }
              sha.update(buffer.array(), 0, buffer.position());
            }
          }
          return Digest.of(sha).equals(digest);
        });
  }
}
