package io.dragonfly.examples.quickstart;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.dragonfly.examples.command.Units;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * The quickstart's directory: the source's file, and a home, a log and an output for each process.
 *
 * @param dir the directory
 */
record QuickstartFiles(Path dir) {
  /** Only a directory that bears this mark is emptied: nobody's files are lost by a wrong --dir. */
  private static final String MARK = ".dragonfly-quickstart";

  /** Peers and supernode leave 5 percent of the disk free for others, but no more than this. */
  private static final long MOST_RESERVED = 256L << 20;

  /**
   * Empties and makes the directory.
   *
   * @throws IllegalArgumentException if it has no room for so many peers, or is somebody else's
   */
  static QuickstartFiles prepare(Path dir, int peers, long length) throws IOException {
    QuickstartFiles files = new QuickstartFiles(dir.toAbsolutePath().normalize());
    files.empty();
    Files.createDirectories(files.dir);
    Files.writeString(files.dir.resolve(MARK), "");
    files.requireRoom(peers, length);
    return files;
  }

  /** The source, the CDN cache and each peer's store have a copy; outputs are links to the last. */
  private void requireRoom(int peers, long length) throws IOException {
    long copies = 2L + (canLink() ? peers : 2L * peers);
    FileStore disk = Files.getFileStore(dir);
    long needed = copies * length + Math.min(MOST_RESERVED, disk.getTotalSpace() / 20);
    long free = disk.getUsableSpace();
    if (free < needed) {
      throw new IllegalArgumentException(
          "%s has room for %s, and %d copies of %s need %s with what stays free: give another --dir, fewer --mib, or fewer --peers"
              .formatted(dir, Units.size(free), copies, Units.size(length), Units.size(needed)));
    }
  }

  private boolean canLink() {
    Path link = dir.resolve(MARK + ".link");
    try {
      Files.createLink(link, dir.resolve(MARK));
      Files.delete(link);
      return true;
    } catch (IOException | UnsupportedOperationException e) {
      return false;
    }
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
      throw new IllegalArgumentException(
          dir + " is there already and was not made by the quickstart: give another --dir");
    }
    MoreFiles.deleteRecursively(dir, RecursiveDeleteOption.ALLOW_INSECURE);
  }

  /** Writes the file that the source serves: random bytes. */
  void writeSource(long length) throws IOException {
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
