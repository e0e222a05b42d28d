package io.dragonfly;

import io.dragonfly.control.SecurityEvent;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.FetchCancelledException;
import io.dragonfly.error.ListenException;
import io.dragonfly.error.StorageException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchMode;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.fetch.FetchStream;
import io.dragonfly.home.CachedTask;
import io.dragonfly.home.FetchRecord;
import io.dragonfly.home.Removal;
import io.dragonfly.home.Verification;
import io.dragonfly.internal.access.JoinToken;
import io.dragonfly.internal.access.SecretFile;
import io.dragonfly.internal.history.History;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.internal.plugin.Plugins;
import io.dragonfly.internal.rate.ClientLimits;
import io.dragonfly.internal.serve.ProcessMonitor;
import io.dragonfly.internal.storage.DiskSpace;
import io.dragonfly.internal.storage.HomeLock;
import io.dragonfly.internal.transfer.KeptTickets;
import io.dragonfly.internal.transfer.LocalAddress;
import io.dragonfly.internal.transfer.Setup;
import io.dragonfly.internal.transfer.TransferEngine;
import io.dragonfly.internal.transfer.TransferTimes;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.rate.Limits;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.RateLimiterProvider;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StorageConfig;
import io.dragonfly.spi.StorageProvider;
import io.dragonfly.spi.Transport;
import io.dragonfly.spi.TransportProvider;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches files through the swarm: from peers where it can, from the source where it must. With a
 * supernode it also gives what it has to others, for as long as it is open; without one it reads
 * sources itself. Safe for concurrent use; one client per process is enough.
 *
 * <p>Calling threads only wait: an interrupt ends the wait with {@link FetchCancelledException} and
 * leaves the thread's interrupt flag set.
 */
public final class DistributionClient implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(DistributionClient.class);
  private static final String USER_AGENT = "dragonfly-java";
  private static final String ADD_TRANSPORT = "Add dragonfly-transport-http to the class path.";
  private static final String ADD_ARTIFACT = "Add the artifact that has it to the class path.";

  private final Deque<AutoCloseable> parts = new ArrayDeque<>();
  private final ClientLimits limits;
  private final TransferEngine engine;
  private final ClientSources sources;
  private final boolean alone;
  private final Path secretFile;
  private final Object renewing = new Object();
  private boolean closed;

  /**
   * Starts a client.
   *
   * @throws StorageException if the home directory cannot be used, or another process uses the one
   *     that was given
   * @throws IllegalStateException if a plug-in is not there, or the address to serve on cannot be
   *     bound
   */
  public DistributionClient(ClientConfig config) {
    this(config, Timers.system("dragonfly-timer"));
  }

  /** A client in somebody else's time, which ends with the client. */
  DistributionClient(ClientConfig config, Timers timers) {
    boolean started = false;
    try {
      parts.push(timers);
      HomeLock home = lockHome(config);
      parts.push(home);
      secretFile = secretFile(home);
      alone = config.supernode().isEmpty() && config.supernodes().isEmpty();
      sources = new ClientSources(config.sources(), USER_AGENT);
      parts.push(sources);
      Setup.Plugins plugins = plugins(config, home);
      limits = limits(config, plugins, timers);
      parts.push(limits);
      ProcessMonitor monitor =
          new ProcessMonitor(
              () -> true, config.metricsPage(), config.metricsNetworks(), (from, token) -> false);
      parts.push(monitor);
      Setup setup =
          new Setup(
              self(config, home),
              plugins,
              new Setup.Supernodes(
                  config.supernode().map(Supernode::local),
                  reachable(config),
                  config.joinTokenFile().map(file -> JoinToken.ofFile(file, System::nanoTime)),
                  KeptTickets.in(home.home().resolve("tickets"), Clock.systemUTC())),
              new Setup.Limits(
                  limits.downloads(),
                  limits.uploads(),
                  config.bufferBytes(),
                  config.quotaBytes().orElse(Long.MAX_VALUE),
                  config.taskTtl()),
              new TransferTimes(
                  config.stallTimeout(),
                  config.dropTimeout(),
                  config.sourceStallTimeout(),
                  config.backToSourceDelay(),
                  config.noProgressTimeout(),
                  config.queueTimeout(),
                  config.offlineTtl()),
              config.listener(),
              new History(home.home()),
              monitor,
              timers);
      engine = startEngine(setup);
      parts.push(engine);
      started = true;
    } finally {
      if (!started) {
        closeParts();
      }
    }
  }

  private static List<InetSocketAddress> reachable(ClientConfig config) {
    return config.supernodes().stream().map(LocalAddress::reachable).toList();
  }

  private static HomeLock lockHome(ClientConfig config) {
    return config
        .home()
        .map(HomeLock::acquire)
        .orElseGet(() -> HomeLock.acquireSibling(DefaultHome.of("peer")));
  }

  private static Path secretFile(HomeLock home) {
    return home.home().resolve("secret");
  }

  private static Setup.Self self(ClientConfig config, HomeLock home) {
    String secret = SecretFile.readOrCreate(secretFile(home), new SecureRandom());
    InetAddress ip =
        config
            .ip()
            .or(() -> reachable(config).stream().findFirst().map(LocalAddress::towards))
            .orElseGet(InetAddress::getLoopbackAddress);
    return new Setup.Self(
        PeerSecret.parse(secret), ip, config.port(), config.zone(), config.acceptsPreheats());
  }

  private Setup.Plugins plugins(ClientConfig config, HomeLock home) {
    RateLimiterProvider limiters =
        config
            .rateLimiter()
            .instance()
            .orElseGet(
                () ->
                    Plugins.byName(
                        RateLimiterProvider.class,
                        RateLimiterProvider::name,
                        config.rateLimiter().name(),
                        ADD_ARTIFACT));
    Storage storage = config.storage().instance().orElseGet(() -> openStorage(config, home));
    Optional<Transport> transport =
        alone
            ? Optional.empty()
            : config.transport().instance().or(() -> Optional.of(openTransport(config, home)));
    return new Setup.Plugins(storage, transport, sources, limiters::create);
  }

  private static ClientLimits limits(ClientConfig config, Setup.Plugins plugins, Timers timers) {
    return new ClientLimits(
        new ClientLimits.Rates(
            config.downloadRate(),
            config.uploadRate(),
            config.shareHostLimit(),
            config.totalRate(),
            config.limitDir()),
        plugins.limiters(),
        timers.executor(),
        timers::nanos);
  }

  private Storage openStorage(ClientConfig config, HomeLock home) {
    StorageProvider provider =
        Plugins.byName(
            StorageProvider.class, StorageProvider::name, config.storage().name(), ADD_ARTIFACT);
    try {
      long reserve = DiskSpace.reserveBytes(config.reserveBytes(), home.home());
      Storage storage = provider.create(new StorageConfig(home.home(), reserve));
      parts.push(storage);
      return storage;
    } catch (IOException e) {
      throw new StorageException(
          "The store in %s cannot be opened: %s. Mend that or choose another home."
              .formatted(home.home(), e.getMessage()),
          e);
    }
  }

  private Transport openTransport(ClientConfig config, HomeLock home) {
    Transport transport =
        Plugins.byName(
                TransportProvider.class,
                TransportProvider::name,
                config.transport().name(),
                ADD_TRANSPORT)
            .create(config.transportConfig().withHome(home.home()));
    parts.push(transport);
    return transport;
  }

  private static TransferEngine startEngine(Setup setup) {
    try {
      return new TransferEngine(setup);
    } catch (IOException e) {
      throw new ListenException(
          "The peer " + e.getMessage() + ". Choose another ip or port, or end what listens there.",
          e);
    }
  }

  /**
   * Fetches a content and waits until it is at the path.
   *
   * @throws DistributionException if it cannot be fetched; the kind says why
   * @throws IllegalArgumentException if the text is no URL
   * @throws IllegalStateException if this client is closed, or nothing reads such URLs
   */
  public FetchResult fetch(String url, Path output) {
    Objects.requireNonNull(output, "output");
    return fetch(FetchRequest.builder(url).output(output).build());
  }

  /**
   * Fetches a content and waits for the end.
   *
   * @throws DistributionException if it cannot be fetched; the kind says why
   * @throws IllegalStateException if this client is closed
   */
  public FetchResult fetch(FetchRequest request) {
    check(request);
    return engine.fetch(request);
  }

  /**
   * Starts a fetch and returns at once. The target file appears whole or not at all.
   *
   * @return its handle. It completes with {@link io.dragonfly.error.NoProgressException} if neither
   *     a peer nor the source delivers in time, and with {@link
   *     io.dragonfly.error.DigestMismatchException} if the bytes are wrong
   * @throws IllegalStateException if this client is closed
   */
  public Fetch start(FetchRequest request) {
    check(request);
    return engine.start(request);
  }

  /**
   * Opens a content for reading while the rest arrives; returns as soon as its version is known.
   * The stream's exceptions have the typed one as their cause. Closing it ends the fetch.
   *
   * @throws DistributionException if it cannot be fetched; the kind says why
   * @throws IllegalArgumentException if the request has an output
   * @throws IllegalStateException if this client is closed
   */
  public InputStream open(FetchRequest request) {
    checkNoOutput(request);
    check(request);
    return engine.open(request);
  }

  /**
   * Opens a content for reading and returns at once. Reading waits for what is not there yet, and
   * ends with an exception that has the typed one as its cause. The stream's {@link
   * FetchStream#fetch} tells how far it is and where its bytes came from.
   *
   * @throws IllegalArgumentException if the request has an output
   * @throws IllegalStateException if this client is closed
   */
  public FetchStream stream(FetchRequest request) {
    checkNoOutput(request);
    check(request);
    return engine.stream(request);
  }

  /**
   * Starts to bring a content into the home directory, where later fetches and other peers find it.
   *
   * @throws IllegalArgumentException if the request has an output
   * @throws IllegalStateException if this client is closed
   */
  public Fetch prefetch(FetchRequest request) {
    checkNoOutput(request);
    return start(request);
  }

  private static void checkNoOutput(FetchRequest request) {
    if (request.output().isPresent()) {
      throw new IllegalArgumentException(
          "the request has an output, %s: use fetch or start".formatted(request.output().get()));
    }
  }

  private synchronized void checkOpen() {
    if (closed) {
      throw new IllegalStateException("this client is closed");
    }
  }

  private void check(FetchRequest request) {
    checkOpen();
    if (alone || request.pattern() == FetchMode.SOURCE) {
      var unused = sources.apply(String.valueOf(request.content().url().getScheme()));
    }
  }

  /**
   * Changes the rate of all that this client fetches over the network; empty is without limit.
   * Holds within a second, also for what is on its way.
   *
   * @throws IllegalArgumentException if the rate is less than {@link Rate#LEAST_LIMIT}
   */
  public void setDownloadRate(Optional<Rate> rate) {
    rate.ifPresent(limit -> limit.checkLimit("downloadRate"));
    limits.downloads().setRate(rate);
  }

  /**
   * Changes the rate of all that this client gives to others; empty is without limit. Holds within
   * a second, also for what is on its way.
   *
   * @throws IllegalArgumentException if the rate is less than {@link Rate#LEAST_LIMIT}
   */
  public void setUploadRate(Optional<Rate> rate) {
    rate.ifPresent(limit -> limit.checkLimit("uploadRate"));
    limits.uploads().setRate(rate);
  }

  /**
   * Changes the rate that this client sets for the whole host; empty is none. Holds within a second
   * in all processes that take part in the host limit. This client takes part while it has such a
   * rate, or always with {@link ClientConfig#shareHostLimit}. The lowest rate holds.
   *
   * @throws IllegalArgumentException if the rate is less than {@link Rate#LEAST_LIMIT}
   */
  public void setTotalRate(Optional<Rate> rate) {
    rate.ifPresent(limit -> limit.checkLimit("totalRate"));
    limits.setTotalRate(rate);
  }

  /**
   * Counts bytes that the caller downloads over the network beside this client towards the limits
   * of this client: {@link #setDownloadRate} and {@link #setTotalRate}. Never blocks.
   *
   * @param bytes the bytes; 0 to learn how long the pause would be now
   * @return nanoseconds to pause before the next bytes; 0 to go on at once
   */
  public long countDownload(long bytes) {
    return limits.downloads().take(bytes);
  }

  /**
   * Writes down a security event of a part beside this client, such as a proxy or a command, as it
   * does with its own, and tells the listener of it.
   */
  public void securityEvent(SecurityEvent event) {
    engine.security(event);
  }

  /** Returns the limits as they are now. Those of single fetches come on top of them. */
  public Limits limits() {
    return limits.now();
  }

  /**
   * Replaces the secret that names and proves this peer, here and in the home directory: each
   * supernode sees another peer from now on. Fetches go on, and what the home holds stays. What is
   * held is given to others again when it is fetched the next time, since its tickets were for the
   * peer of before. Needed if somebody may have read the secret.
   *
   * @throws StorageException if the new secret cannot be written: then nothing has changed
   * @throws FetchCancelledException if this client is closed meanwhile
   * @throws IllegalStateException if this client is closed
   */
  public void renewSecret() {
    checkOpen();
    synchronized (renewing) {
      engine.renewSecret(PeerSecret.parse(SecretFile.renew(secretFile, new SecureRandom())));
    }
    log.info("The secret in {} is a new one: supernodes see another peer", secretFile);
  }

  /**
   * Returns what is in the home directory, fetched by this client or by earlier ones.
   *
   * @throws StorageException if the home directory cannot be read
   * @throws IllegalStateException if this client is closed
   */
  public List<CachedTask> tasks() {
    checkOpen();
    return engine.tasks();
  }

  /**
   * Removes a task from the home directory, with what is written down of its fetches, and has the
   * supernodes send nobody here for it. Outputs stay where they are. A task in use is not removed.
   *
   * @throws StorageException if it cannot be removed
   * @throws FetchCancelledException if this client is closed meanwhile
   * @throws IllegalStateException if this client is closed
   */
  public Removal remove(TaskId task) {
    checkOpen();
    return engine.remove(task);
  }

  /**
   * Removes, as {@link #remove} does, each whole task that was neither fetched here nor given to
   * another peer for longer than a time. What was there when this client started counts as used
   * then.
   *
   * @return the tasks that are gone
   * @throws StorageException if one cannot be removed
   * @throws FetchCancelledException if this client is closed meanwhile
   * @throws IllegalStateException if this client is closed
   */
  public List<TaskId> removeIdle(Duration longerThan) {
    checkOpen();
    return engine.removeIdle(longerThan);
  }

  /** Returns how long ago this client last gave something to another peer; empty if never. */
  public Optional<Duration> sinceGiven() {
    return engine.sinceGiven();
  }

  /**
   * Reads the pieces of a task that are there and compares each with its digest. Those that differ
   * are given to nobody from then on, and fetched anew when the task is wanted again.
   *
   * @return what was found; empty if there is no such task
   * @throws IllegalStateException if this client is closed
   */
  public Optional<Verification> verify(TaskId task) {
    checkOpen();
    return engine.verify(task);
  }

  /**
   * Returns how the last fetches went, the latest first: at most ten of each task and a thousand
   * tasks, those of earlier clients on the same home directory included. Fetches that failed before
   * it was known which task they get are not among them.
   *
   * @throws StorageException if the home directory cannot be read
   * @throws IllegalStateException if this client is closed
   */
  public List<FetchRecord> history() {
    checkOpen();
    return engine.history();
  }

  /**
   * Asks each supernode whether it is there. Nothing depends on it: one that comes later is used
   * then. Fetches that follow do not wait for those that gave no answer.
   *
   * @return completes within about 5 s with those that gave none, as {@code HOST:PORT}, and why;
   *     with nothing if this client is closed meanwhile
   * @throws IllegalStateException if this client is closed
   */
  public CompletableFuture<Map<String, String>> silentSupernodes() {
    checkOpen();
    return engine.silentSupernodes();
  }

  /** Returns where this client gives pieces to others; empty without a supernode. */
  public Optional<InetSocketAddress> address() {
    return engine.address();
  }

  /**
   * Ends running fetches with {@link FetchCancelledException}, leaves the supernodes, and waits
   * until no thread, file or socket of the client is left. Safe to call twice.
   *
   * <p>A listener, and a continuation of {@link Fetch#completion} or of another future of this
   * client, may call it too. Such code runs on a thread of the client, so there it does not wait:
   * the client is closed in the background when the code has returned.
   */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    // Not on this thread: an interrupt would close the files that it happens to touch.
    Thread closing = new Thread(this::closeParts, "dragonfly-close");
    closing.setDaemon(true);
    closing.start();
    if (engine.isInCallback()) {
      return;
    }
    boolean interrupted = false;
    while (true) {
      try {
        closing.join();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void closeParts() {
    while (!parts.isEmpty()) {
      AutoCloseable part = parts.pop();
      try {
        part.close();
      } catch (Exception e) {
        log.warn("{} could not be closed", part.getClass().getSimpleName(), e);
      }
    }
  }
}
