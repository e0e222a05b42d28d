package io.dragonfly.internal.storage;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/** What a disk storage asks of the machine it runs on. Tests have machines of their own. */
interface Machine {
  /** The machine that this process runs on. */
  Machine LOCAL = new Local();

  /** Names the time since the kernel started; empty where it has no such name. */
  Optional<String> bootId();

  /** Returns the bytes that this process may still write to the disk that a directory is on. */
  long usableBytes(Path directory) throws IOException;

  /** Makes a directory 0700; one that is there stays as it is. */
  void createDirectory(Path directory) throws IOException;

  /** Opens a file that exists, and follows no symbolic link to it. */
  FileChannel open(Path file, OpenOption use) throws IOException;

  /** Makes a hard link. */
  void link(Path link, Path existing) throws IOException;

  /** Hands what was written to an open file to the disk. */
  void sync(Path file, FileChannel channel) throws IOException;

  /** Hands the names in a directory to the disk. */
  void syncDirectory(Path directory) throws IOException;

  /** Returns monotonic nanoseconds. */
  long nanoTime();

  /** The real one. */
  final class Local implements Machine {
    private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

    private Local() {}

    @Override
    public Optional<String> bootId() {
      try {
        String id = Files.readString(BOOT_ID, StandardCharsets.US_ASCII).trim();
        return id.isEmpty() ? Optional.empty() : Optional.of(id);
      } catch (IOException e) {
        return Optional.empty(); // not Linux: who asks verifies instead
      }
    }

    @Override
    public long usableBytes(Path directory) throws IOException {
      // Not a FileStore: to make one takes longer than to ask it. A size beyond long is negative.
      long usable = directory.toFile().getUsableSpace();
      if (usable == 0 && !Files.exists(directory)) {
        throw new NoSuchFileException(directory.toString());
      }
      return usable < 0 ? Long.MAX_VALUE : usable;
    }

    @Override
    public void createDirectory(Path directory) throws IOException {
      OwnerOnly.createDirectories(directory);
    }

    @Override
    public FileChannel open(Path file, OpenOption use) throws IOException {
      return FileChannel.open(file, use, LinkOption.NOFOLLOW_LINKS);
    }

    @Override
    public void link(Path link, Path existing) throws IOException {
      Files.createLink(link, existing);
    }

    @Override
    public void sync(Path file, FileChannel channel) throws IOException {
      channel.force(false);
    }

    @Override
    public void syncDirectory(Path directory) throws IOException {
      try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
        channel.force(true);
      } catch (AccessDeniedException e) {
        // Windows opens no directories, and syncs their names with the files.
      }
    }

    @Override
    public long nanoTime() {
      return System.nanoTime();
    }
  }
}
