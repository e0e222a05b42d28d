package io.dragonfly.internal.transfer.output;

import io.dragonfly.error.DigestMismatchException;
import io.dragonfly.error.OutputException;
import io.dragonfly.error.StorageException;
import io.dragonfly.internal.storage.NewFile;
import io.dragonfly.internal.storage.Reasons;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** Puts contents at their paths. Everything here blocks on a disk. */
public final class Outputs {
  private static final int BUFFER_BYTES = 1 << 20;

  private Outputs() {}

  /**
   * Finds out, before anything is downloaded, what would keep a file from getting to a path.
   *
   * @param mode the mode that the file is to have, if one was asked for
   * @throws OutputException if something would
   */
  public static void check(Path output, Optional<Set<PosixFilePermission>> mode) {
    Path target = behindLinks(output);
    Path directory = target.toAbsolutePath().getParent();
    if (directory != null && !Files.exists(directory) && !Files.notExists(directory)) {
      throw new OutputException(
          "Directory %s of the output cannot be looked at: permission denied. Allow it or choose another output."
              .formatted(directory));
    }
    if (directory == null || Files.isDirectory(target)) {
      throw new OutputException(
          "Output %s is a directory. Give the path of a file in it.".formatted(target));
    }
    if (!Files.isDirectory(directory)) {
      throw new OutputException(
          "Directory %s of the output %s. Create it or choose another output."
              .formatted(
                  directory, Files.exists(directory) ? "is no directory" : "does not exist"));
    }
    if (!Files.isWritable(directory)) {
      throw new OutputException(
          "Directory %s of the output is not writable. Allow it or choose another output."
              .formatted(directory));
    }
    if (mode.isPresent()
        && !directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      throw new OutputException(
          "Output %s is on a file system without POSIX modes. Leave its mode open."
              .formatted(target));
    }
    if (Files.exists(target) && !Files.isRegularFile(target)) {
      throw new OutputException(
          "Output %s is no regular file and would be replaced. Choose another output."
              .formatted(target));
    }
    checkNewFile(target);
  }

  /** Access rights do not tell all: root seems to have them in /proc and behind NFS, too. */
  private static void checkNewFile(Path target) {
    Path probe = target.resolveSibling(".dragonfly-" + UUID.randomUUID() + ".part");
    try {
      NewFile.create(probe, Optional.empty()).close();
      Files.delete(probe);
    } catch (IOException e) {
      throw new OutputException(
          "Output %s cannot be written: no file can be created in its directory (%s). Choose another output."
              .formatted(target, Reasons.of(e)),
          e);
    }
  }

  /**
   * Puts a whole content at a path, or the range of it that was asked for.
   *
   * @param mode the file's mode; that of any new file of this process if absent
   * @throws OutputException if the path cannot be written
   * @throws StorageException if the content cannot be read
   */
  public static void deliver(
      StoredTask stored,
      Optional<ByteRange> range,
      Path output,
      Optional<Set<PosixFilePermission>> mode) {
    Path target = behindLinks(output);
    try {
      if (range.isPresent()) {
        deliverRange(stored, range.get(), target, mode);
      } else {
        stored.deliver(target, mode);
      }
    } catch (IOException e) {
      throw new StorageException(
          "Task %s cannot be read from the home directory: %s. Fetch it again."
              .formatted(stored.task().id().brief(), e),
          e);
    }
  }

  /**
   * Returns what a symbolic link leads to: the file there is replaced and the link is kept, as with
   * other tools that write to a path. /dev/stdout is such a link.
   *
   * @throws OutputException if the link leads nowhere, or {@link LinkRule} forbids to follow it
   */
  private static Path behindLinks(Path output) {
    if (!Files.isSymbolicLink(output)) {
      return output;
    }
    try {
      Path target = LinkRule.OF_THIS_USER.follow(output);
      if (!Files.exists(target)) {
        throw new NoSuchFileException(target.toString());
      }
      return target;
    } catch (IOException e) {
      throw new OutputException(
          "Output %s is a link that leads nowhere. Remove it or choose another output."
              .formatted(output),
          e);
    }
  }

  private static void deliverRange(
      StoredTask stored, ByteRange range, Path target, Optional<Set<PosixFilePermission>> mode)
      throws IOException {
    Path temporary =
        target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".part");
    try {
      try (FileChannel out = create(temporary, mode)) {
        copy(stored, range, out, target);
      }
      move(temporary, target);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  private static FileChannel create(Path file, Optional<Set<PosixFilePermission>> mode) {
    try {
      return NewFile.create(file, mode);
    } catch (IOException e) {
      throw cannotWrite(file, e);
    }
  }

  private static void copy(StoredTask stored, ByteRange range, FileChannel out, Path target)
      throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    for (long at = range.start(); at < range.end(); ) {
      buffer.clear();
      at += read(stored, at, range.end(), buffer);
      buffer.flip();
      try {
        while (buffer.hasRemaining()) {
          out.write(buffer);
        }
      } catch (IOException e) {
        throw cannotWrite(target, e);
      }
    }
  }

  private static void move(Path from, Path to) {
    try {
      Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw cannotWrite(to, e);
    }
  }

  private static OutputException cannotWrite(Path target, IOException e) {
    return new OutputException(
        "Output %s cannot be written: %s. Mend that or choose another output."
            .formatted(target, e.getMessage()),
        e);
  }

  /** Reads bytes of sealed pieces into a buffer, at most up to the end of the piece. */
  static int read(StoredTask stored, long at, long end, ByteBuffer buffer) throws IOException {
    ByteRange piece = stored.task().layout().range(stored.task().layout().pieceAt(at));
    long stop = Math.min(Math.min(end, piece.end()), at + buffer.remaining());
    int before = buffer.position();
    try (PieceRegion region = stored.region(new ByteRange(at, stop))) {
      while (buffer.position() - before < region.length()) {
        buffer.limit(before + (int) region.length());
        int done = buffer.position() - before;
        if (region.channel().read(buffer, region.position() + done) < 0) {
          throw new IOException("the file ends in the middle of a piece");
        }
      }
    }
    return buffer.position() - before;
  }

  /**
   * Reads a whole content and compares its digest.
   *
   * @throws DigestMismatchException if it has another one
   */
  public static void verify(StoredTask stored, Digest expected) {
    MessageDigest running = Digest.newMessageDigest(expected.algorithm());
    long length = stored.task().layout().length().orElseThrow();
    ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
    try {
      for (long at = 0; at < length; ) {
        buffer.clear();
        at += read(stored, at, length, buffer);
        running.update(buffer.flip());
      }
    } catch (IOException e) {
      throw new StorageException(
          "Task %s cannot be read from the home directory: %s. Fetch it again."
              .formatted(stored.task().id().brief(), e),
          e);
    }
    compare(stored.task().id(), expected, Digest.of(running));
  }

  /**
   * Compares what was asked for with what came.
   *
   * @throws DigestMismatchException if they differ
   */
  public static void compare(TaskId task, Digest expected, Digest actual) {
    if (!expected.equals(actual)) {
      throw new DigestMismatchException(
          "Task %s has digest %s, but %s was asked for. The source has probably changed: update the digest in the request, or use a URL that names one version."
              .formatted(task.brief(), actual, expected));
    }
  }
}
