package io.dragonfly.examples.quickstart;

import io.dragonfly.examples.command.Units;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * The quickstart's directory: the source's file, and a home, a log and an output for each process.
 *
 * @param dir the directory
 */
record QuickstartFiles(Path dir) {
  /** Only a directory that bears this mark is emptied: nobody's files are lost by a wrong --dir. */
  private static final String MARK = ".dragonfly-quickstart";

  static QuickstartFiles prepare(Path dir, long length) throws IOException {
    QuickstartFiles files = new QuickstartFiles(dir.toAbsolutePath().normalize());
    files.empty();
    Files.createDirectories(files.dir);
    Files.writeString(files.dir.resolve(MARK), "");
    long free = Files.getFileStore(files.dir).getUsableSpace();
    if (free < 6 * length) {
      throw new IOException(
          "%s has room for %s, and %s is needed: give another --dir, or fewer --mib"
              .formatted(files.dir, Units.size(free), Units.size(6 * length)));
    }
    files.writeSource(length);
    return files;
  }

  Path source() {
    return dir.resolve("file.bin");
  }

  Path home(String name) {
    return dir.resolve(name);
  }

  Path log(String name) {
    return dir.resolve(name + ".log");
  }

  Path output(String name) {
    return dir.resolve(name + ".bin");
  }

  private void empty() throws IOException {
    if (!Files.exists(dir)) {
      return;
    }
    if (!Files.exists(dir.resolve(MARK))) {
      throw new IOException(
          dir + " is there already and was not made by the quickstart: give another --dir");
    }
    Files.walkFileTree(
        dir,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private void writeSource(long length) throws IOException {
    SplittableRandom random = new SplittableRandom();
    byte[] buffer = new byte[1 << 20];
    try (OutputStream out = Files.newOutputStream(source())) {
      for (long left = length; left > 0; left -= buffer.length) {
        random.nextBytes(buffer);
        out.write(buffer, 0, (int) Math.min(left, buffer.length));
      }
    }
  }
}
