package io.dragonfly.examples.thin;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** Makes what nobody but its owner may read, where the disk has modes. */
public final class HomeDirectory {
  private static final Set<PosixFilePermission> OWNER_ALONE =
      PosixFilePermissions.fromString("rwx------");

  private HomeDirectory() {}

  /** Makes a directory and its parents, each 0700; those that are there stay as they are. */
  public static void create(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(directory, attributes(directory, OWNER_ALONE));
    }
  }

  /** Gives a directory the mode 0700. */
  static void restrict(Path directory) throws IOException {
    if (hasModes(directory)) {
      Files.setPosixFilePermissions(directory, OWNER_ALONE);
    }
  }

  /**
   * Makes an empty file with mode 0600 in the place of any file, or symbolic link, of that name.
   */
  static void replaceByNew(Path file) throws IOException {
    Files.deleteIfExists(file);
    Files.createFile(file, attributes(file, PosixFilePermissions.fromString("rw-------")));
  }

  private static FileAttribute<?>[] attributes(Path path, Set<PosixFilePermission> mode) {
    return hasModes(path)
        ? new FileAttribute<?>[] {PosixFilePermissions.asFileAttribute(mode)}
        : new FileAttribute<?>[0];
  }

  private static boolean hasModes(Path path) {
    return path.getFileSystem().supportedFileAttributeViews().contains("posix");
  }
}
