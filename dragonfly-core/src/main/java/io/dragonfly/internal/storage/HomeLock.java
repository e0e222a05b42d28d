package io.dragonfly.internal.storage;

import io.dragonfly.error.StorageException;
import io.dragonfly.internal.home.HomeCheck;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds a home directory for one owner, against other processes and against others in this one. The
 * operating system lets go when the process ends, however it ends. Safe for concurrent use.
 */
public final class HomeLock implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HomeLock.class);
  private static final int MOST_SIBLINGS = 1000;

  /** More than a process's id takes up. */
  private static final int PID_BYTES = 32;

  /** Far behind the pid in the file: where locks are mandatory, others can still read it. */
  private static final long LOCKED_BYTE = Long.MAX_VALUE - 1;

  /**
   * Homes that this process holds. They must not even be opened again: on POSIX systems closing any
   * descriptor of a file lets go of all of the process's locks on it.
   */
  private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

  private final Path home;
  private final Path key;
  private final RandomAccessFile file;
  private final FileLock lock;
  private boolean closed;

  private HomeLock(Path home, Path key, RandomAccessFile file, FileLock lock) {
    this.home = home;
    this.key = key;
    this.file = file;
    this.lock = lock;
  }

  /**
   * Makes the directory if it is not there, and takes it.
   *
   * @throws StorageException if somebody else holds it, naming the process, or another user could
   *     write there, or it cannot be used
   */
  public static HomeLock acquire(Path home) {
    return attempt(home).orElseThrow();
  }

  /**
   * Takes a directory, or the first free one of those beside it called {@code -2}, {@code -3} and
   * so on.
   *
   * @throws StorageException if none can be used
   */
  public static HomeLock acquireSibling(Path preferred) {
    Path name = preferred.toAbsolutePath().normalize();
    Attempt attempt = attempt(name);
    for (int i = 2; attempt.lock().isEmpty() && i <= MOST_SIBLINGS; i++) {
      attempt = attempt(name.resolveSibling(name.getFileName() + "-" + i));
    }
    return attempt.orElseThrow();
  }

  private record Attempt(Path home, Optional<HomeLock> lock, String holder) {
    HomeLock orElseThrow() {
      return lock.orElseThrow(
          () ->
              new StorageException(
                  "Home %s is in use by process %s. Stop that process or choose another home."
                      .formatted(home, holder)));
    }
  }

  private static Attempt attempt(Path home) {
    try {
      String refusal = HomeCheck.prepare(home);
      if (!refusal.isEmpty()) {
        throw new StorageException(refusal);
      }
      Path key = home.toRealPath();
      if (!HELD_HERE.add(key)) {
        return new Attempt(home, Optional.empty(), ownPid());
      }
      Attempt attempt = null;
      try {
        attempt = attemptFile(home, key);
        return attempt;
      } finally {
        if (attempt == null || attempt.lock().isEmpty()) {
          HELD_HERE.remove(key);
        }
      }
    } catch (IOException e) {
      throw new StorageException(
          "Home %s cannot be used: %s. Choose another home or mend this one."
              .formatted(home, Reasons.of(e)),
          e);
    }
  }

  private static Attempt attemptFile(Path home, Path key) throws IOException {
    Path path = key.resolve("lock");
    OwnerOnly.createFile(path);
    // Not a FileChannel's own methods for the bytes: they fail on a thread that is interrupted.
    RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
    boolean keep = false;
    try {
      FileLock lock = file.getChannel().tryLock(LOCKED_BYTE, 1, false);
      if (lock == null) {
        return new Attempt(home, Optional.empty(), pidIn(file));
      }
      if (!isOurs(file)) {
        throw new IOException("its file lock was not written by a process of Dragonfly");
      }
      byte[] pid = (ownPid() + "\n").getBytes(StandardCharsets.US_ASCII);
      file.write(pid);
      file.setLength(pid.length);
      keep = true;
      return new Attempt(home, Optional.of(new HomeLock(home, key, file, lock)), ownPid());
    } catch (OverlappingFileLockException e) {
      // Another copy of this class, from another class loader, holds the lock. Closing the file
      // would take the lock from it, so it stays open for as long as the process lives.
      keep = true;
      return new Attempt(home, Optional.empty(), ownPid());
    } finally {
      if (!keep) {
        file.close();
      }
    }
  }

  /** Whose home this was by mistake should find his file as it was. Zeros are after a crash. */
  private static boolean isOurs(RandomAccessFile file) throws IOException {
    byte[] bytes = new byte[PID_BYTES + 1];
    int count = Math.max(0, file.read(bytes));
    file.seek(0);
    String text = new String(bytes, 0, count, StandardCharsets.US_ASCII);
    return count <= PID_BYTES && text.matches("[\\d\\s\\x00]*");
  }

  private static String pidIn(RandomAccessFile file) throws IOException {
    byte[] bytes = new byte[PID_BYTES];
    int count = Math.max(0, file.read(bytes));
    String pid = new String(bytes, 0, count, StandardCharsets.US_ASCII).trim();
    // The holder writes it just after it took the lock.
    return pid.matches("\\d+") ? pid : "(unknown)";
  }

  private static String ownPid() {
    return Long.toString(ProcessHandle.current().pid());
  }

  /** Returns the directory. */
  public Path home() {
    return home;
  }

  /** Lets the directory go. Safe to call twice. */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    try (file) {
      lock.release();
    } catch (IOException e) {
      log.warn("could not let go of home {}: {}", home, e.toString());
    } finally {
      HELD_HERE.remove(key);
    }
  }
}
