package io.dragonfly.internal.storage;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/** Makes files that are to be somebody's output. */
public final class NewFile {
  private NewFile() {}

  /**
   * Makes an empty file with exactly this mode, or with that of any new file of this process. At no
   * time may anybody do more with it.
   *
   * @throws IOException also if there is a file already
   */
  public static void create(Path file, Optional<Set<PosixFilePermission>> mode) throws IOException {
    if (mode.isEmpty()) {
      Files.createFile(file);
    } else {
      // The process's own umask may take rights away that are asked for.
      Files.createFile(file, PosixFilePermissions.asFileAttribute(mode.get()));
      Files.setPosixFilePermissions(file, mode.get());
    }
  }
}
