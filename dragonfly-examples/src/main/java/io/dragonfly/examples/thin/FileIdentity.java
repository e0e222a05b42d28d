package io.dragonfly.examples.thin;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * Tells whether two processes with different views of the file system mean the same directory by a
 * path.
 */
public final class FileIdentity {
  private FileIdentity() {}

  /** Returns what no other directory has, as this process sees it; empty if it sees none. */
  public static String of(Path directory) {
    try {
      return String.valueOf(Files.readAttributes(directory, BasicFileAttributes.class).fileKey());
    } catch (IOException e) {
      return "";
    }
  }

  /**
   * Returns the name of this process's mount namespace: in another one the same path may be another
   * file. Empty where there are none.
   */
  public static String fileSystem() {
    Path link = new File("/proc/self/ns/mnt").toPath();
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException | UnsupportedOperationException e) {
      return "";
    }
  }
}
