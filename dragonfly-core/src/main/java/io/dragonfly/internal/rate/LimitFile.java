package io.dragonfly.internal.rate;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The file by which the processes of a host share their limit. It has one name for each boot of the
 * machine, so what is left in it was left by this kernel. Not safe for concurrent use.
 *
 * <p>Who can write the file can slow all others down, so strangers may not. In a directory that is
 * everybody's, such as /dev/shm, each user has a file of his own with mode 0600; one of this name
 * that somebody else has put there is refused, and links are not followed. In a directory that is
 * not everybody's all who may write there share one file.
 */
final class LimitFile {
  private static final boolean UNIX =
      Path.of("").getFileSystem().supportedFileAttributeViews().contains("unix");

  private final LimitPlace place;
  private final String bootId;
  private @Nullable Object known;

  LimitFile(LimitPlace place, String bootId) {
    this.place = place;
    this.bootId = bootId;
  }

  /** The file of this host, in a directory that was given or in the usual one. */
  static LimitFile of(Optional<Path> directory) {
    return new LimitFile(LimitPlace.of(directory), LimitPlace.bootId());
  }

  /**
   * Returns the words in the file, if they are other ones than those that were returned before.
   *
   * @param create whether to make the file if there is none
   * @throws IOException if the file may not be used; the message says why
   */
  Optional<LimitWords> find(boolean create) throws IOException {
    Path directory = place.directory(create);
    boolean everybodys = isEverybodys(directory);
    Path path = directory.resolve(name(everybodys));
    try {
      Optional<Object> found = key(path, everybodys);
      if (found.isEmpty() && create) {
        make(path, everybodys ? "rw-------" : modeIn(directory));
        found = key(path, everybodys);
      }
      if (found.isEmpty() || found.get().equals(known)) {
        return Optional.empty();
      }
      LimitWords words = open(path);
      known = found.get();
      return Optional.of(words);
    } catch (FileSystemException e) {
      throw new IOException(path + " cannot be used: " + e, e); // the name says what is wrong
    } catch (IOException | IllegalArgumentException e) {
      throw new IOException(path + " cannot be used: " + e.getMessage(), e);
    }
  }

  private String name(boolean everybodys) {
    return "dragonfly-host-limit-" + (everybodys ? LimitPlace.user() + "-" : "") + bootId;
  }

  private static boolean isEverybodys(Path directory) {
    try {
      return !UNIX || ((int) Files.getAttribute(directory, "unix:mode") & 0002) != 0;
    } catch (IOException e) {
      return true; // what comes next fails for the same reason, and says so
    }
  }

  private static String modeIn(Path directory) throws IOException {
    boolean groups = UNIX && ((int) Files.getAttribute(directory, "unix:mode") & 0020) != 0;
    return groups ? "rw-rw----" : "rw-------";
  }

  /** Names the file at a path, if there is one that may be used. */
  private static Optional<Object> key(Path path, boolean everybodys) throws IOException {
    BasicFileAttributes file;
    try {
      file = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    if (!file.isRegularFile() || file.size() != LimitWords.BYTES) {
      throw new IOException("it is something else");
    }
    // Checked before it is opened: in a directory with the sticky bit nobody can swap our own.
    if (everybodys && UNIX && !LimitPlace.user().equals(LimitPlace.owner(path))) {
      throw new IOException("it belongs to another user");
    }
    Object key = file.fileKey();
    return Optional.of(key == null ? file.creationTime() : key);
  }

  private static LimitWords open(Path path) throws IOException {
    try (FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS)) {
      return new LimitWords(channel.map(MapMode.READ_WRITE, 0, LimitWords.BYTES));
    }
  }

  /** Makes the file whole or not at all: who finds it maps it at once. */
  private static void make(Path path, String mode) throws IOException {
    Path draft = path.resolveSibling("." + path.getFileName() + "-" + UUID.randomUUID());
    try {
      try (FileChannel channel =
          FileChannel.open(draft, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        if (UNIX) {
          Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString(mode));
        }
        // Zeros, not a hole: to touch one on a full tmpfs would end the process.
        ByteBuffer zeros = ByteBuffer.allocate(LimitWords.BYTES);
        while (zeros.hasRemaining()) {
          channel.write(zeros);
        }
      }
      Files.createLink(path, draft);
    } catch (FileAlreadyExistsException e) {
      if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
        throw e;
      }
      // Another process was faster, and its file does as well.
    } finally {
      Files.deleteIfExists(draft);
    }
  }
}
