package io.dragonfly.examples.server;

import io.dragonfly.error.StorageException;
import io.dragonfly.examples.dfget.PeerSettings;
import io.dragonfly.examples.thin.StartLock;
import io.dragonfly.internal.home.HomeCheck;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Starts the background peer of a data directory. One process at a time does. */
public final class ServerStart {
  private static final Logger LOG = LoggerFactory.getLogger(ServerStart.class);
  private static final long SOON_MILLIS = 1_000;
  private static final long LOCK_MILLIS = 600_000;

  private ServerStart() {}

  /**
   * Starts a server; it can be called when this returns.
   *
   * @param addition what the server does beside
   * @param whenReady is told while nobody else may start one
   * @throws IOException if it cannot be started
   */
  @SuppressWarnings("try")
  public static RunningServer start(
      PeerSettings settings, RunningServer.Addition addition, Consumer<RunningServer> whenReady)
      throws IOException {
    Path home = settings.client().home().orElseThrow();
    try (StartLock lock = lock(home)) {
      RunningServer server = RunningServer.start(settings, addition);
      whenReady.accept(server);
      return server;
    }
  }

  /**
   * The same for a process that a dfget has started, which holds the lock for it.
   *
   * @param hasHome runs as soon as the home is this process's own
   */
  static RunningServer startDetached(PeerSettings settings, Runnable hasHome) {
    try {
      return RunningServer.start(
          settings,
          client -> {
            hasHome.run();
            return () -> {};
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e); // only an addition does so
    }
  }

  private static StartLock lock(Path home) throws IOException {
    try {
      String refusal = HomeCheck.prepare(home);
      if (!refusal.isEmpty()) {
        throw new StorageException(refusal);
      }
      try {
        return StartLock.take(home.toFile(), SOON_MILLIS);
      } catch (FileSystemException | FileNotFoundException e) {
        throw e;
      } catch (IOException e) {
        LOG.info("Waiting until another process has started or ended the peer of {}", home);
        return StartLock.take(home.toFile(), LOCK_MILLIS);
      }
    } catch (FileSystemException | FileNotFoundException e) {
      throw new StorageException(
          "Home %s cannot be used: %s. Choose another --home, or make it yours."
              .formatted(home, Files.isWritable(home) ? e : "permission denied"),
          e);
    }
  }
}
