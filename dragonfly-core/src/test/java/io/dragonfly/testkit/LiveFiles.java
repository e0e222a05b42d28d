package io.dragonfly.testkit;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;

/**
 * What lies below a directory that somebody is still writing to. {@link Files#walk} fails when a
 * file or a directory is deleted while it looks; here such a one is left out.
 */
public final class LiveFiles {
  private LiveFiles() {}

  /** Returns all that is not a directory, in no order; some of it may be gone again by now. */
  public static List<Path> below(Path directory) throws IOException {
    List<Path> found = new ArrayList<>();
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            found.add(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (file.equals(directory)) {
              throw e; // else a wrong name would look like an empty directory
            }
            return goOn(e);
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, IOException e)
              throws IOException {
            return e == null ? FileVisitResult.CONTINUE : goOn(e);
          }
        });
    return found;
  }

  /** Returns those of {@link #below} that have this name. */
  public static List<Path> named(String name, Path directory) throws IOException {
    return below(directory).stream().filter(file -> file.endsWith(name)).toList();
  }

  private static FileVisitResult goOn(IOException e) throws IOException {
    if (e instanceof NoSuchFileException) {
      return FileVisitResult.CONTINUE;
    }
    throw e;
  }
}
