package io.dragonfly.examples.server;

import io.dragonfly.error.StorageException;
import io.dragonfly.examples.dfget.PeerSettings;
import io.dragonfly.examples.thin.FileOwner;
import io.dragonfly.examples.thin.HomeDirectory;
import io.dragonfly.examples.thin.StartLock;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Starts the server of a home. One process at a time does. */
public final class ServerStart {
  private static final long LOCK_MILLIS = 600_000;

  private ServerStart() {}

  /**
   * Starts a server; it can be called when this returns.
   *
   * @param detached whether a dfget starts this process, which holds the lock for it
   * @param addition what the server does beside
   * @param whenReady is told while nobody else may start one
   * @throws IOException if it cannot be started
   */
  public static RunningServer start(
      PeerSettings settings,
      boolean detached,
      RunningServer.Addition addition,
      Consumer<RunningServer> whenReady)
      throws IOException {
    String refusal = FileOwner.refusal(settings.client().home().orElseThrow());
    if (!refusal.isEmpty()) {
      throw new StorageException(refusal);
    }
    if (detached) {
      return startAndSay(settings, addition, whenReady);
    }
    return startLocked(settings, addition, whenReady);
  }

  @SuppressWarnings("try")
  private static RunningServer startLocked(
      PeerSettings settings, RunningServer.Addition addition, Consumer<RunningServer> whenReady)
      throws IOException {
    Path home = settings.client().home().orElseThrow();
    try (StartLock lock = lock(home)) {
      return startAndSay(settings, addition, whenReady);
    }
  }

  private static StartLock lock(Path home) throws IOException {
    try {
      HomeDirectory.create(home);
      return StartLock.take(home.toFile(), LOCK_MILLIS);
    } catch (FileSystemException | FileNotFoundException e) {
      throw new StorageException(
          "Home %s cannot be used: %s. Choose another --home, or make it yours."
              .formatted(home, Files.isWritable(home) ? e : "permission denied"),
          e);
    }
  }

  private static RunningServer startAndSay(
      PeerSettings settings, RunningServer.Addition addition, Consumer<RunningServer> whenReady)
      throws IOException {
    RunningServer server = RunningServer.start(settings, addition);
    whenReady.accept(server);
    return server;
  }
}
