package io.dragonfly.examples.dfget;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.dragonfly.error.StorageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A home for one call alone. It is removed when it is closed, or else when the process is told to
 * end. Safe for concurrent use.
 */
final class TemporaryHome implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(TemporaryHome.class);

  /** How long a process that ends waits for its peer. */
  private static final long CLOSE_SECONDS = 10;

  private final Path directory;
  private final CountDownLatch closed = new CountDownLatch(1);

  private TemporaryHome(Path directory) {
    this.directory = directory;
  }

  /**
   * Makes one in the directory for temporary files.
   *
   * @throws StorageException if that cannot be written either
   */
  static TemporaryHome create() {
    TemporaryHome home;
    try {
      home = new TemporaryHome(Files.createTempDirectory("dragonfly-"));
    } catch (IOException e) {
      throw new StorageException("There is no room for a temporary home: " + e.getMessage(), e);
    }
    Thread deleting = new Thread(home::deleteAtTheEnd, "dragonfly-temporary");
    Runtime.getRuntime().addShutdownHook(deleting);
    return home;
  }

  Path directory() {
    return directory;
  }

  private void deleteAtTheEnd() {
    try {
      if (!closed.await(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        log.warn("The peer still uses {}, which is removed", directory);
        delete();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody does so
    }
  }

  private synchronized void delete() {
    try {
      if (Files.exists(directory)) {
        MoreFiles.deleteRecursively(directory, RecursiveDeleteOption.ALLOW_INSECURE);
      }
    } catch (IOException e) {
      log.warn("The temporary home {} could not be removed: {}", directory, e.toString());
    }
  }

  @Override
  public void close() {
    delete();
    closed.countDown();
  }
}
