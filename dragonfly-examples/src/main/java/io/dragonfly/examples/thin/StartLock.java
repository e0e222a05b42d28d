package io.dragonfly.examples.thin;

import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.LinkOption;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Lets one process at a time start or end the background peer of a home. The operating system lets
 * go when the process ends, however it ends.
 */
public final class StartLock implements AutoCloseable {
  private final FileChannel file;
  private final FileLock lock;

  private StartLock(FileChannel file, FileLock lock) {
    this.file = file;
    this.lock = lock;
  }

  /**
   * Opens the lock's file, and follows no symbolic link to it.
   *
   * @throws IOException if it cannot be written: the home is of no use then
   */
  static FileChannel open(File home) throws IOException {
    return FileChannel.open(
        new File(home, "start.lock").toPath(),
        StandardOpenOption.CREATE,
        StandardOpenOption.WRITE,
        LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Takes the lock of a home, waiting for others.
   *
   * @throws IOException if they do not let go in time
   */
  public static StartLock take(File home, long limitMillis) throws IOException {
    return take(open(home), limitMillis);
  }

  static StartLock take(FileChannel file, long limitMillis) throws IOException {
    boolean taken = false;
    try {
      Waiting waiting = new Waiting(file);
      waiting.start();
      FileLock lock = waiting.lock(limitMillis);
      taken = true;
      return new StartLock(file, lock);
    } finally {
      if (!taken) {
        file.close();
      }
    }
  }

  @Override
  public void close() throws IOException {
    try (file) {
      lock.release();
    }
  }

  /** Waits for the lock in a thread of its own, since waiting for it knows no limit. */
  private static final class Waiting extends Thread {
    private final FileChannel channel;
    private volatile @Nullable FileLock lock;
    private volatile @Nullable IOException failure;

    Waiting(FileChannel channel) {
      super("dragonfly-start-lock");
      this.channel = channel;
      setDaemon(true);
    }

    @Override
    public void run() {
      try {
        lock = channel.lock();
      } catch (IOException e) {
        failure = e;
      }
    }

    FileLock lock(long limitMillis) throws IOException {
      try {
        join(limitMillis);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      FileLock taken = lock;
      if (taken != null) {
        return taken;
      }
      IOException failed = failure;
      if (failed != null) {
        throw failed;
      }
      throw FailedException.lost(
          "Another process has been starting or ending the background peer of this home for too"
              + " long. End it, or choose another --home.");
    }
  }
}
