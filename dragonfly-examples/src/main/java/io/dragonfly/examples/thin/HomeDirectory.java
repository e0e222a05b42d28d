package io.dragonfly.examples.thin;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
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

  /**
   * Replaces an empty directory that does not have the mode 0700 by a new one that does. One that
   * is not empty is kept as it is: it may be used for something else.
   *
   * @throws IOException if it is not empty
   */
  static void restrict(Path directory) throws IOException {
    if (!hasModes(directory) || Files.getPosixFilePermissions(directory).equals(OWNER_ALONE)) {
      return;
    }
    try {
      Files.delete(directory);
    } catch (DirectoryNotEmptyException e) {
      throw new FileSystemException(
          directory.toString(),
          null,
          "it is not for its owner alone, and not empty. Run 'chmod 700 " + directory + "'");
    }
    Files.createDirectory(directory, attributes(directory, OWNER_ALONE));
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
