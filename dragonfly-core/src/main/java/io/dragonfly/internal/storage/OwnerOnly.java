package io.dragonfly.internal.storage;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Makes files and directories that nobody but their owner may read, where the disk has modes. */
public final class OwnerOnly {
  private static final Set<OpenOption> NEW_FILE =
      Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);

  private OwnerOnly() {}

  /** Makes a directory and its parents, each 0700; those that are there stay as they are. */
  public static void createDirectories(Path directory) throws IOException {
    Files.createDirectories(directory, attributes(directory, "rwx------"));
  }

  /** Makes an empty file with mode 0600; one that is there stays as it is. */
  static void createFile(Path file) throws IOException {
    try {
      Files.createFile(file, attributes(file, "rw-------"));
    } catch (FileAlreadyExistsException e) {
      if (!Files.isRegularFile(file)) {
        throw e;
      }
    }
  }

  /**
   * Gives a file other content, all of it or none, and mode 0600. After a power cut it may be
   * empty.
   */
  public static void replace(Path file, byte[] content) throws IOException {
    Files.move(fresh(file, content), file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** The same; after a power cut the file has the content that it had, or this one. */
  static void replaceDurably(Path file, byte[] content, Machine machine) throws IOException {
    Path fresh = fresh(file, content);
    sync(fresh, machine);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Hands a file to the disk. */
  static void sync(Path file, Machine machine) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      machine.sync(file, channel);
    }
  }

  /** Makes a file with this content and mode 0600, which is to take another one's place. */
  static Path fresh(Path file, byte[] content) throws IOException {
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    write(fresh, content);
    return fresh;
  }

  /** Makes a file with this content and mode 0600 where nobody looks for it yet. */
  static void write(Path fresh, byte[] content) throws IOException {
    try (SeekableByteChannel channel =
        Files.newByteChannel(fresh, NEW_FILE, attributes(fresh, "rw-------"))) {
      ByteBuffer left = ByteBuffer.wrap(content);
      while (left.hasRemaining()) {
        channel.write(left);
      }
    }
  }

  private static FileAttribute<?>[] attributes(Path path, String mode) {
    return hasModes(path)
        ? new FileAttribute<?>[] {
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(mode))
        }
        : new FileAttribute<?>[0];
  }

  private static boolean hasModes(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }
}
