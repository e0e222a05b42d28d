package io.dragonfly.internal.storage;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.Set;

/** Makes files that are to be somebody's output. */
public final class NewFile {
  private NewFile() {}

  /**
   * Creates a file with exactly this mode, or with that of any new file of this process, and opens
   * it for writing, even if the mode lets nobody write. At no time may another user do more with
   * it.
   *
   * @throws IOException also if there is a file already
   */
  public static FileChannel create(Path file, Optional<Set<PosixFilePermission>> mode)
      throws IOException {
    Set<OpenOption> options = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    if (mode.isEmpty()) {
      return FileChannel.open(file, options);
    }
    FileChannel channel =
        FileChannel.open(file, options, PosixFilePermissions.asFileAttribute(mode.get()));
    try {
      // The process's own umask may take rights away that are asked for.
      Files.setPosixFilePermissions(file, mode.get());
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }
}
