package io.dragonfly;

import io.dragonfly.control.AdminApi;
import io.dragonfly.error.ListenException;
import io.dragonfly.error.StorageException;
import io.dragonfly.internal.access.AdminAccess;
import io.dragonfly.internal.access.JoinToken;
import io.dragonfly.internal.access.SecretFile;
import io.dragonfly.internal.access.ShownCapabilities;
import io.dragonfly.internal.cdn.CdnSettings;
import io.dragonfly.internal.cdn.DaemonThreads;
import io.dragonfly.internal.cdn.Sources;
import io.dragonfly.internal.loop.ActiveClock;
import io.dragonfly.internal.loop.ForwardClock;
import io.dragonfly.internal.plugin.Plugins;
import io.dragonfly.internal.serve.ProcessMonitor;
import io.dragonfly.internal.serve.StoredPieceService;
import io.dragonfly.internal.storage.DiskSpace;
import io.dragonfly.internal.storage.HomeLock;
import io.dragonfly.internal.supernode.JoinRules;
import io.dragonfly.internal.supernode.LocalSupernode;
import io.dragonfly.internal.supernode.SupernodeService;
import io.dragonfly.internal.supernode.SupernodeSettings;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.AdminService;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.RateLimiterProvider;
import io.dragonfly.spi.Scheduler;
import io.dragonfly.spi.SchedulerProvider;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StorageConfig;
import io.dragonfly.spi.StorageProvider;
import io.dragonfly.spi.Transport;
import io.dragonfly.spi.TransportProvider;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers peers, tells each which piece to take from whom, and keeps one copy of each task: its
 * CDN cache, which is read from the source once. Clients in this process are given it in their
 * settings; others find it at its {@link #address}, if it has one. A supernode that is started
 * again on the same home goes on where it was. Safe for concurrent use.
 */
public final class Supernode implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Supernode.class);
  private static final String USER_AGENT = "dragonfly-java";
  private static final String ADD_TRANSPORT = "Add dragonfly-transport-http to the class path.";
  private static final String ADD_SCHEDULER = "Add dragonfly-scheduler to the class path.";
  private static final String ADD_ARTIFACT = "Add the artifact that has it to the class path.";

  /** How many pieces the CDN cache sends at once: its uplink is better used by few than by many. */
  private static final int UPLOAD_SLOTS = 4;

  /** All that is to be closed, the last first. */
  private final Deque<AutoCloseable> parts = new ArrayDeque<>();

  private final RateLimiter uploads;
  private final RateLimiter sourceReads;
  private final SupernodeService service;
  private final AdminAccess adminAccess;
  private final JoinRules rules;
  private final Optional<InetSocketAddress> address;
  private boolean closed;

  /**
   * Starts a supernode.
   *
   * @throws StorageException if the home directory cannot be used, or another process uses the one
   *     that was given
   * @throws IllegalStateException if a plug-in is not there, or the port cannot be listened on
   */
  public Supernode(SupernodeConfig config) {
    boolean started = false;
    try {
      HomeLock home =
          config
              .homeDir()
              .map(HomeLock::acquire)
              .orElseGet(() -> HomeLock.acquireSibling(DefaultHome.of("supernode")));
      parts.push(home);
      RateLimiterProvider limiters = limiters(config);
      uploads = limiters.create(config.uploadRate());
      sourceReads = limiters.create(config.sourceRate());
      adminAccess =
          config
              .adminTokenFile()
              .map(AdminAccess::ofFile)
              .orElseGet(
                  () -> AdminAccess.ofHome(home.home().resolve("admin-token"), new SecureRandom()));
      rules =
          new JoinRules(
              config.joinTokenFile().map(this::joinToken),
              config.transportConfig().isMutual(),
              config.peerNetworks());
      service = start(config, home.home());
      parts.push(service);
      address =
          config.port().isPresent() ? Optional.of(listen(config, home.home())) : Optional.empty();
      log.info("supernode {} in {}, {}", service.local().id().brief(), home.home(), whereabouts());
      started = true;
    } finally {
      if (!started) {
        closeParts();
      }
    }
  }

  private String whereabouts() {
    return address.map(a -> "which peers know as " + text(a)).orElse("for this process alone");
  }

  private SupernodeService start(SupernodeConfig config, Path home) {
    SecureRandom random = new SecureRandom();
    PeerSecret secret = PeerSecret.parse(SecretFile.readOrCreate(home.resolve("secret"), random));
    String ticketKey = SecretFile.readOrCreate(home.resolve("ticket-key"), random);
    ForwardClock clock = new ForwardClock(Clock.systemUTC(), System::nanoTime);
    ScheduledExecutorService timer = startTimer("dragonfly-supernode-timer");
    Storage storage = config.storage().instance().orElseGet(() -> openStorage(config, home));
    Sources sources =
        new Sources(config.sources(), new SourceConfig(USER_AGENT, config.sourceHosts()));
    parts.push(sources);
    StoredPieceService pieces =
        new StoredPieceService(
            storage,
            new ShownCapabilities(secret.capabilityKey()),
            clock::instant,
            uploads,
            UPLOAD_SLOTS,
            System::nanoTime,
            timer);
    parts.push(pieces);
    return new SupernodeService(
        secret,
        HexFormat.of().parseHex(ticketKey),
        new InetSocketAddress(config.advertiseIp(), 0),
        rules,
        settings(config),
        CdnSettings.of(
            config.sourceStallTimeout(), config.sourceGiveUp(), sourceReads, keeping(config)),
        new SupernodeService.Parts(
            storage,
            sources,
            scheduler(config),
            pieces,
            timer,
            clock,
            System::nanoTime,
            ActiveClock.ofProcess(timer),
            random,
            config.listener()));
  }

  private static CdnSettings.Keeping keeping(SupernodeConfig config) {
    return new CdnSettings.Keeping(
        config.quotaBytes().orElse(Long.MAX_VALUE), config.taskTtl(), config.ringBytes());
  }

  /** Event loops check proofs: they must not read the file. */
  private JoinToken joinToken(Path file) {
    JoinToken token = JoinToken.ofFile(file, System::nanoTime);
    token.lookedAtBy(startTimer("dragonfly-join-token"));
    return token;
  }

  private ScheduledExecutorService startTimer(String name) {
    ScheduledThreadPoolExecutor timer = DaemonThreads.timer(name);
    parts.push(
        () -> {
          timer.shutdownNow();
          DaemonThreads.awaitEnd(timer);
        });
    return timer;
  }

  private Storage openStorage(SupernodeConfig config, Path home) {
    StorageProvider provider =
        Plugins.byName(
            StorageProvider.class, StorageProvider::name, config.storage().name(), ADD_ARTIFACT);
    try {
      long reserve = DiskSpace.reserveBytes(config.reserveBytes(), home);
      Storage storage = provider.create(new StorageConfig(home, reserve));
      parts.push(storage);
      return storage;
    } catch (IOException e) {
      throw new StorageException(
          "The store in %s cannot be opened: %s. Mend that or choose another home."
              .formatted(home, e.getMessage()),
          e);
    }
  }

  private static RateLimiterProvider limiters(SupernodeConfig config) {
    return config
        .rateLimiter()
        .instance()
        .orElseGet(
            () ->
                Plugins.byName(
                    RateLimiterProvider.class,
                    RateLimiterProvider::name,
                    config.rateLimiter().name(),
                    ADD_ARTIFACT));
  }

  private static Scheduler scheduler(SupernodeConfig config) {
    return config
        .scheduler()
        .instance()
        .orElseGet(
            () ->
                Plugins.byName(
                        SchedulerProvider.class,
                        SchedulerProvider::name,
                        config.scheduler().name(),
                        ADD_SCHEDULER)
                    .create(System::nanoTime));
  }

  private static SupernodeSettings settings(SupernodeConfig config) {
    return new SupernodeSettings(
        config.zone(),
        config.workingLease(),
        config.seedingLease(),
        config.backToSourcePeers(),
        config.sourceConcurrency(),
        config.sourceStallTimeout(),
        config.unvalidatedTtl(),
        config.accessTtl(),
        config.sharePerAddress(),
        config.offlineTtl());
  }

  private InetSocketAddress listen(SupernodeConfig config, Path home) {
    Transport transport =
        config.transport().instance().orElseGet(() -> openTransport(config, home));
    int port = config.port().orElseThrow();
    ProcessMonitor monitor =
        new ProcessMonitor(
            service::isReady,
            config.metricsPage(),
            config.metricsNetworks(),
            adminAccess::isAllowed);
    parts.push(monitor);
    InetAddress advertised = config.advertiseIp();
    InetSocketAddress bind =
        advertised.isLoopbackAddress()
            ? new InetSocketAddress(advertised, port)
            : new InetSocketAddress(port);
    try {
      Transport.Server server =
          transport.serve(
              new ServeRequest(bind, service.local().pieces(), service::from)
                  .withAdmin(new Operators())
                  .withMonitor(monitor)
                  .withShare(config.sharePerAddress(), service::isKnown)
                  .withSecurity(service::security));
      parts.push(server);
      InetSocketAddress reached = new InetSocketAddress(advertised, server.address().getPort());
      log.info("listening on {}; calls are taken of {}", text(server.address()), rules);
      log.info("{}", config.sourceHosts());
      if (!config.peerNetworks().isEmpty() && !rules.knowPeers()) {
        log.warn(
            "peerNetwork (--peer-network) has no effect: nothing shows which peers belong to the"
                + " fleet. Set joinTokenFile (--join-token-file), or tlsCa");
      }
      warnUnlessOurs(advertised);
      config.alsoAdvertiseIp().ifPresent(Supernode::warnUnlessOurs);
      service.listensAt(
          reached,
          config
              .alsoAdvertiseIp()
              .map(also -> new InetSocketAddress(also, server.address().getPort())),
          server::certificate);
      return reached;
    } catch (IOException e) {
      throw new ListenException(
          "The supernode " + e.getMessage() + ". Choose another port, or end what listens there.",
          e);
    }
  }

  private static String text(InetSocketAddress bound) {
    return bound.getAddress().isAnyLocalAddress()
        ? "all addresses of this machine, port " + bound.getPort()
        : bound.toString().substring(bound.toString().indexOf('/') + 1);
  }

  /** It may be meant, where others reach this machine by another one. */
  private static void warnUnlessOurs(InetAddress advertised) {
    try {
      if (NetworkInterface.getByInetAddress(advertised) == null) {
        log.warn(
            "peers are told {}, which is no address of this machine: they reach it only if"
                + " something such as NAT brings them here from there",
            advertised.getHostAddress());
      }
    } catch (SocketException e) {
      log.debug("this machine does not tell its addresses", e);
    }
  }

  private Transport openTransport(SupernodeConfig config, Path home) {
    Transport transport =
        Plugins.byName(
                TransportProvider.class,
                TransportProvider::name,
                config.transport().name(),
                ADD_TRANSPORT)
            .create(config.transportConfig().withHome(home));
    parts.push(transport);
    return transport;
  }

  /** Lets operators in who show the token. */
  private final class Operators implements AdminService {
    @Override
    public boolean isReady() {
      return service.isReady();
    }

    @Override
    public Optional<AdminApi> admit(InetAddress from, String token) {
      return adminAccess.isAllowed(from, token) ? Optional.of(service.admin()) : Optional.empty();
    }

    @Override
    public AdminApi forOperator() {
      return service.admin();
    }
  }

  /** Returns the supernode as its operator sees it: this process needs no token. */
  public AdminApi admin() {
    return service.admin();
  }

  /** Returns where peers find the supernode, if it listens. */
  public Optional<InetSocketAddress> address() {
    return address;
  }

  /**
   * Changes the rate that pieces are sent with at most; empty is without limit. Holds within a
   * second.
   *
   * @throws IllegalArgumentException if the rate is less than {@link Rate#LEAST_LIMIT}
   */
  public void setUploadRate(Optional<Rate> rate) {
    rate.ifPresent(limit -> limit.checkLimit("uploadRate"));
    uploads.setRate(rate);
  }

  /**
   * Changes the rate that all sources together are read with at most; empty is without limit. Holds
   * within a second.
   *
   * @throws IllegalArgumentException if the rate is less than {@link Rate#LEAST_LIMIT}
   */
  public void setSourceRate(Optional<Rate> rate) {
    rate.ifPresent(limit -> limit.checkLimit("sourceRate"));
    sourceReads.setRate(rate);
  }

  LocalSupernode local() {
    return service.local();
  }

  /**
   * Ends all calls and reads, and waits until no thread, file or socket of the supernode is left.
   * What it has read stays in its home. Safe to call twice.
   */
  @Override
  public void close() {
    synchronized (this) {
      if (closed) {
        return;
      }
      closed = true;
    }
    closeParts();
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
