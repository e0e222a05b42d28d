package io.dragonfly;

import io.dragonfly.error.StorageException;
import io.dragonfly.internal.access.SecretFile;
import io.dragonfly.internal.plugin.Plugins;
import io.dragonfly.internal.serve.StoredPieceService;
import io.dragonfly.internal.storage.HomeLock;
import io.dragonfly.internal.supernode.LocalSupernode;
import io.dragonfly.internal.supernode.Starting;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.RateLimiterProvider;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StorageConfig;
import io.dragonfly.spi.StorageProvider;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers peers, tells each which piece to take from whom, and keeps one copy of each task: its
 * CDN cache, which is read from the source once. Safe for concurrent use.
 */
public final class Supernode implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Supernode.class);

  private final HomeLock home;
  private final Optional<Storage> ownStorage;
  private final ScheduledThreadPoolExecutor timer;
  private final LocalSupernode local;

  /**
   * Starts a supernode.
   *
   * @throws StorageException if the home directory cannot be used, or another process uses the one
   *     that was given
   */
  public Supernode(SupernodeConfig config) {
    home =
        config
            .homeDir()
            .map(HomeLock::acquire)
            .orElseGet(() -> HomeLock.acquireSibling(defaultHome()));
    SecureRandom random = new SecureRandom();
    PeerSecret secret =
        PeerSecret.parse(SecretFile.readOrCreate(home.home().resolve("secret"), random));
    Storage storage = config.storage().instance().orElseGet(() -> openStorage(config));
    ownStorage = config.storage().instance().isPresent() ? Optional.empty() : Optional.of(storage);
    timer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "dragonfly-supernode-timer");
              thread.setDaemon(true);
              return thread;
            });
    timer.setRemoveOnCancelPolicy(true);
    RateLimiter uploads = config.rateLimiter().instance().orElseGet(() -> limiter(config));
    StoredPieceService pieces =
        new StoredPieceService(
            storage, secret.capabilityKey(), Clock.systemUTC()::instant, uploads, 4, timer);
    local = new LocalSupernode(new Starting(), pieces, secret.id());
  }

  private Storage openStorage(SupernodeConfig config) {
    try {
      return Plugins.byName(
              StorageProvider.class,
              StorageProvider::name,
              config.storage().name(),
              "Add the artifact that has it to the class path.")
          .create(new StorageConfig(home.home(), config.reserveBytes()));
    } catch (IOException e) {
      throw new StorageException(
          "The store in %s cannot be opened: %s".formatted(home.home(), e.getMessage()), e);
    }
  }

  private static RateLimiter limiter(SupernodeConfig config) {
    return Plugins.byName(
            RateLimiterProvider.class,
            RateLimiterProvider::name,
            config.rateLimiter().name(),
            "Add the artifact that has it to the class path.")
        .create(config.uploadRate());
  }

  private static Path defaultHome() {
    return Path.of(System.getProperty("user.home"), ".cache", "dragonfly", "supernode");
  }

  /** Returns where the supernode listens, if it does. */
  public Optional<InetSocketAddress> address() {
    return Optional.empty();
  }

  LocalSupernode local() {
    return local;
  }

  /** Stops serving and reading and lets the home go. Safe to call twice. */
  @Override
  public void close() {
    local.pieces().close();
    timer.shutdownNow();
    ownStorage.ifPresent(
        storage -> {
          try {
            storage.close();
          } catch (IOException e) {
            log.warn("could not close the store in {}: {}", home.home(), e.toString());
          }
        });
    home.close();
  }
}
