package io.dragonfly.internal.transfer;

import com.google.common.net.HostAndPort;
import io.dragonfly.control.Caller;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.FetchCancelledException;
import io.dragonfly.error.StorageException;
import io.dragonfly.fetch.ClientState;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.fetch.FetchStream;
import io.dragonfly.home.CachedTask;
import io.dragonfly.home.FetchRecord;
import io.dragonfly.home.Removal;
import io.dragonfly.home.Verification;
import io.dragonfly.internal.access.AnonymousReads;
import io.dragonfly.internal.access.AuditLog;
import io.dragonfly.internal.access.ChildAddresses;
import io.dragonfly.internal.access.ShownCapabilities;
import io.dragonfly.internal.history.FetchRecorder;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.loop.IoThreads;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.internal.serve.StoredPieceService;
import io.dragonfly.internal.storage.AccessTimes;
import io.dragonfly.internal.storage.Eviction;
import io.dragonfly.internal.supernode.LocalSupernode;
import io.dragonfly.internal.transfer.intake.DownloadContext;
import io.dragonfly.internal.transfer.intake.DownloadQueue;
import io.dragonfly.internal.transfer.intake.LocalPieceDownload;
import io.dragonfly.internal.transfer.intake.PieceTransport;
import io.dragonfly.internal.transfer.swarm.SupernodeClock;
import io.dragonfly.internal.transfer.swarm.SupernodeLink;
import io.dragonfly.internal.transfer.swarm.Supernodes;
import io.dragonfly.internal.writing.BufferPool;
import io.dragonfly.internal.writing.DiskWriter;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.spi.Transport;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.DoubleSupplier;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Everything that a client's fetches need, put together. Safe for concurrent use. */
public final class TransferEngine implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(TransferEngine.class);

  private static final int TAKES = 64;
  private static final int TAKES_OF_ONE_PARENT = 4;
  private static final int SENDING_AT_ONCE = 2;
  private static final long CLOSE_SECONDS = 2;

  private final EventLoop loop;
  private final IoThreads io = new IoThreads("dragonfly-io");
  private final Callbacks callbacks = new Callbacks(io);
  private final ShownCapabilities capabilities = new ShownCapabilities();
  private final IoThreads store = IoThreads.single("dragonfly-store");
  private final BufferPool pool;
  private final DiskWriter writer;
  private final Optional<StoredPieceService> service;
  private final Optional<Transport.Server> server;

  /** Serves the same at an address of the other family, for supernodes that are reached by it. */
  private final Optional<Transport.Server> otherServer;

  private final ChildAddresses addresses;
  private final Supernodes supernodes;
  private final Fetches fetches;
  private final AccessTimes accesses;
  private final KeptTickets tickets;
  private final Timers timers;
  private volatile OptionalLong lastGiven = OptionalLong.empty();
  private final HomeView home;
  private final AuditLog audit;
  private final GuardedListener listener;

  /** What ends futures that callers wait for, should the threads end first. */
  private final Set<Runnable> endings = ConcurrentHashMap.newKeySet();

  private volatile boolean closed;

  /**
   * Starts an engine.
   *
   * @throws IOException if the address to serve on cannot be bound
   */
  public TransferEngine(Setup setup) throws IOException {
    loop = new EventLoop("dragonfly-engine", setup.timers());
    pool =
        new BufferPool(
            (int) Math.max(2 * TAKES, setup.limits().bufferBytes() / BufferPool.BUFFER_BYTES));
    writer = new DiskWriter("dragonfly-disk");
    SupernodeClock clock = new SupernodeClock(setup.timers());
    DoubleSupplier random = new Random()::nextDouble;
    boolean alone = setup.supernodes().isEmpty();
    service = alone ? Optional.empty() : Optional.of(service(setup, clock));
    addresses =
        new ChildAddresses(setup.self().ip(), LocalAddress.ofOtherFamily(setup.self().ip()));
    server = startServer(setup);
    otherServer = server.flatMap(first -> startOther(setup, first.address().getPort()));
    supernodes = supernodes(setup, clock, random);
    timers = setup.timers();
    tickets = setup.supernodes().tickets();
    accesses = new AccessTimes(timers::nanos, Clock.systemUTC());
    audit = new AuditLog(Clock.systemUTC(), timers::nanos, timers.executor());
    Parts parts = parts(setup, random);
    listener = parts.listener();
    service.ifPresent(
        pieces ->
            pieces.onGiven(
                (task, bytes) -> {
                  accesses.used(task);
                  lastGiven = OptionalLong.of(timers.nanos());
                  listener.given(task, bytes);
                }));
    service.ifPresent(pieces -> pieces.onRefused(listener::security));
    fetches = new Fetches(parts);
    home = new HomeView(parts, fetches.downloads(), setup.history());
    service.ifPresent(pieces -> pieces.onWithdrawn(this::pieceLost));
    loop.execute(() -> offer(setup, random));
    loop.execute(fetches.downloads()::sweepFromNowOn);
    if (setup.self().acceptsPreheats()) {
      Preheating preheating = new Preheating(loop, pushed -> fetches.start(pushed).completion());
      loop.execute(() -> supernodes.giving().forEach(l -> l.acceptPreheats(preheating::add)));
    }
    listener.opened(() -> state(setup));
  }

  /** Writes down a security event, and tells the listener of it. */
  public void security(SecurityEvent event) {
    GuardedListener told = listener;
    if (told != null) { // a stranger may call before all is set up
      told.security(event);
    }
  }

  private ClientState state(Setup setup) {
    List<StoredTask> tasks = setup.plugins().storage().tasks();
    long quota = setup.limits().quotaBytes();
    return new ClientState(
        tasks.size(),
        tasks.stream().mapToLong(Eviction::held).sum(),
        quota == Long.MAX_VALUE ? OptionalLong.empty() : OptionalLong.of(quota),
        service.map(StoredPieceService::waiting).orElse(0),
        (long) pool.out() * BufferPool.BUFFER_BYTES);
  }

  private StoredPieceService service(Setup setup, SupernodeClock clock) {
    return new StoredPieceService(
        setup.plugins().storage(),
        capabilities,
        clock,
        setup.limits().uploads(),
        SENDING_AT_ONCE,
        System::nanoTime,
        setup.timers().executor());
  }

  private Optional<Transport.Server> startServer(Setup setup) throws IOException {
    if (service.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(serve(setup, setup.self().ip(), setup.self().port()));
  }

  private Transport.Server serve(Setup setup, InetAddress ip, int port) throws IOException {
    ServeRequest request =
        ServeRequest.piecesOnly(new InetSocketAddress(ip, port), service.orElseThrow())
            .withMonitor(setup.monitor())
            .withSecurity(this::security);
    return transport(setup).serve(request);
  }

  private Optional<Transport.Server> startOther(Setup setup, int port) {
    boolean isNeeded =
        setup.supernodes().addresses().stream().anyMatch(address -> isOfOtherFamily(address));
    if (!isNeeded) {
      return Optional.empty();
    }
    InetAddress ip = addresses.other().orElseThrow();
    try {
      return Optional.of(serve(setup, ip, port));
    } catch (IOException e) {
      LOG.warn(
          "Nothing is given to peers of supernodes that are reached from {}: {}",
          ip.getHostAddress(),
          e.getMessage());
      return Optional.empty();
    }
  }

  /** Tells whether a supernode is reached only from the address of the other family. */
  private boolean isOfOtherFamily(InetSocketAddress supernode) {
    return !supernode.isUnresolved()
        && !addresses.towards(supernode.getAddress()).equals(addresses.own());
  }

  /** Returns this peer as a supernode that is reached from the other address knows it. */
  private Caller fromOther(Caller caller) {
    int port = caller.address().getPort() == 0 || otherServer.isEmpty() ? 0 : otherPort();
    InetSocketAddress serving = new InetSocketAddress(addresses.other().orElseThrow(), port);
    return new Caller(caller.secret(), serving, caller.zone())
        .takingFrom(Optional.of(addresses.own()));
  }

  private int otherPort() {
    return otherServer.orElseThrow().address().getPort();
  }

  private static Transport transport(Setup setup) {
    return setup.plugins().transport().orElseThrow();
  }

  private Supernodes supernodes(Setup setup, SupernodeClock clock, DoubleSupplier random) {
    List<Supernodes.Named> names = new ArrayList<>();
    setup
        .supernodes()
        .local()
        .ifPresent(
            local ->
                names.add(
                    new Supernodes.Named(
                        "in this process",
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                        local.api(),
                        Optional.empty(),
                        UnaryOperator.identity())));
    for (InetSocketAddress address : setup.supernodes().addresses()) {
      String name = HostAndPort.fromParts(address.getHostString(), address.getPort()).toString();
      boolean isOther = isOfOtherFamily(address);
      InetAddress local = isOther ? addresses.other().orElseThrow() : addresses.own();
      names.add(
          new Supernodes.Named(
              name,
              address,
              transport(setup).connect(address, local),
              setup.supernodes().token(),
              isOther ? this::fromOther : UnaryOperator.identity()));
    }
    InetSocketAddress serving =
        server
            .map(Transport.Server::address)
            .orElseGet(() -> new InetSocketAddress(setup.self().ip(), 0));
    Caller provider =
        new Caller(setup.self().secret(), serving, setup.self().zone())
            .takingFrom(addresses.other())
            .showing(server.map(Transport.Server::certificate).orElse(""));
    Caller child =
        new Caller(
                PeerSecret.random(new SecureRandom()),
                new InetSocketAddress(setup.self().ip(), 0),
                setup.self().zone())
            .takingFrom(addresses.other());
    return Supernodes.of(names, provider, child, loop, clock, random);
  }

  private Parts parts(Setup setup, DoubleSupplier random) {
    return new Parts(
        loop,
        io,
        callbacks,
        store,
        setup.plugins().storage(),
        writer,
        new DownloadContext.Engine(loop, child(setup), pool, writer, setup.times().drop()),
        new DownloadQueue(TAKES, TAKES_OF_ONE_PARENT),
        supernodes,
        setup.plugins().sources(),
        setup.plugins().limiters(),
        setup.limits(),
        new GuardedListener(setup.listener(), recorder(setup), audit, callbacks),
        setup.self().secret().id(),
        addresses,
        (task, piece) -> service.ifPresent(pieces -> pieces.sealed(task, piece)),
        task -> service.ifPresent(pieces -> pieces.ended(task)),
        accesses,
        new AnonymousReads(setup.times().offline(), timers::nanos),
        random,
        setup.times());
  }

  private FetchRecorder recorder(Setup setup) {
    return new FetchRecorder(
        setup.history(),
        io,
        parent -> supernodes.giving().stream().anyMatch(link -> link.isSupernode(parent)),
        loop::nanos,
        Instant::now);
  }

  /** Pieces of a supernode in this process need no network. */
  private PieceTransport child(Setup setup) {
    PieceTransport network = (request, sink) -> transport(setup).take(request, sink);
    if (setup.supernodes().local().isEmpty()) {
      return network;
    }
    LocalSupernode local = setup.supernodes().local().get();
    return new PieceTransport() {
      @Override
      public Transport.Take take(PieceRequest request, PieceSink sink) {
        return isOverNetwork(request.parent().id())
            ? network.take(request, sink)
            : LocalPieceDownload.start(
                local.pieces().giveLocally(request.task(), request.range()), sink, io, pool);
      }

      @Override
      public boolean isOverNetwork(PeerId parent) {
        return !parent.equals(local.id());
      }
    };
  }

  private void offer(Setup setup, DoubleSupplier random) {
    for (SupernodeLink link : supernodes.giving()) {
      link.onSecret(secret -> capabilities.setKey(link.name(), secret.capabilityKey()));
      link.onComplaint(home::verifySoon);
      service.ifPresent(pieces -> link.onRevoked(pieces::revoke));
      new Announcing(
              loop, store, setup.plugins().storage(), link, setup.supernodes().tickets(), random)
          .offer();
    }
  }

  private void pieceLost(TaskId task, int piece) {
    loop.execute(() -> fetches.downloads().pieceLost(task, piece));
  }

  /** Starts a fetch and returns at once. */
  public Fetch start(FetchRequest request) {
    return fetches.start(request);
  }

  /**
   * Fetches and waits for the end.
   *
   * @throws FetchCancelledException also if the waiting thread is interrupted, which stays so
   */
  public FetchResult fetch(FetchRequest request) {
    RunningFetch fetch = fetches.start(request);
    return await(fetch, fetch.done());
  }

  /** Opens a content for reading at once; who reads waits for it. */
  public FetchStream stream(FetchRequest request) {
    Fetches.Opened opened = fetches.open(request);
    return new FetchStream(opened.fetch(), opened.stream());
  }

  /** Opens a content for reading as soon as it is known which version it is. */
  public InputStream open(FetchRequest request) {
    Fetches.Opened opened = fetches.open(request);
    var unused = await(opened.fetch(), opened.fetch().found());
    return opened.stream();
  }

  /** Returns what the home directory holds. */
  public List<CachedTask> tasks() {
    return await(home.tasks(), () -> {});
  }

  /** Removes a task from the home directory. */
  public Removal remove(TaskId task) {
    return await(home.remove(task), () -> {});
  }

  /** Removes whole tasks that nobody has used for longer than a time; returns them. */
  public List<TaskId> removeIdle(Duration time) {
    return await(home.removeIdle(time), () -> {});
  }

  /** Returns how long ago something was last given to another peer; empty if never. */
  public Optional<Duration> sinceGiven() {
    OptionalLong last = lastGiven;
    return last.isPresent()
        ? Optional.of(Duration.ofNanos(timers.nanos() - last.getAsLong()))
        : Optional.empty();
  }

  /**
   * Takes another secret: at each supernode this is another peer from now on, and what others were
   * allowed to take from this one is allowed no more. Returns when that holds.
   */
  public void renewSecret(PeerSecret secret) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    boolean isOpen =
        loop.tryExecute(
            () -> {
              tickets.clear();
              supernodes.giving().forEach(link -> link.renew(secret));
              done.complete(null);
            });
    if (isOpen) {
      await(done, () -> {});
    }
  }

  /** Verifies a task's pieces; empty if it is not held. */
  public Optional<Verification> verify(TaskId task) {
    AtomicBoolean stop = new AtomicBoolean();
    return await(home.verify(task, stop), () -> stop.set(true));
  }

  /** Returns how the last fetches went, the latest first. */
  public List<FetchRecord> history() {
    return await(home.history(), () -> {});
  }

  /** Returns the supernodes that do not answer, and why. */
  public CompletableFuture<Map<String, String>> silentSupernodes() {
    CompletableFuture<Map<String, String>> result = new CompletableFuture<>();
    boolean isOpen =
        loop.tryExecute(
            () ->
                loop.when(
                    supernodes.silent(),
                    silent -> callbacks.execute(() -> result.complete(silent)),
                    failure -> callbacks.execute(() -> result.completeExceptionally(failure))));
    if (!isOpen) {
      result.complete(Map.of());
    }
    return untilClosed(result, () -> result.complete(Map.of()));
  }

  /** Has a future end with the threads that would complete it, at the latest. */
  private <T> CompletableFuture<T> untilClosed(CompletableFuture<T> future, Runnable atTheEnd) {
    endings.add(atTheEnd);
    Continuations.whenDone(future, (value, failure) -> endings.remove(atTheEnd));
    if (closed) {
      atTheEnd.run();
    }
    return future;
  }

  private <T> T await(CompletableFuture<T> future, Runnable onInterrupt) {
    try {
      return untilClosed(future, () -> future.completeExceptionally(closedMeanwhile())).get();
    } catch (InterruptedException e) {
      onInterrupt.run();
      Thread.currentThread().interrupt();
      throw new FetchCancelledException("The thread that waited was interrupted.", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof DistributionException typed) {
        throw typed;
      }
      throw new StorageException(
          "The home directory cannot be used: %s. Mend that or choose another home."
              .formatted(e.getCause()),
          e.getCause());
    }
  }

  private static FetchCancelledException closedMeanwhile() {
    return new FetchCancelledException("The client was closed.");
  }

  /** Waits for what each fetch comes to within the limits of its time. */
  private static <T> T await(RunningFetch fetch, CompletableFuture<T> future) {
    try {
      return future.get();
    } catch (InterruptedException e) {
      fetch.cancel();
      Thread.currentThread().interrupt();
      throw new FetchCancelledException(
          "The thread that waited for %s was interrupted."
              .formatted(fetch.request().content().displayUrl()),
          e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof DistributionException typed) {
        throw typed;
      }
      throw new IllegalStateException("a fetch failed in a way that is not foreseen", e.getCause());
    }
  }

  /** Returns where pieces are served, if they are. */
  public Optional<InetSocketAddress> address() {
    return server.map(Transport.Server::address);
  }

  /** Tells whether this thread runs a listener, or a continuation of a future of this engine. */
  public boolean isInCallback() {
    return callbacks.isRunning();
  }

  /**
   * Ends all fetches and leaves the supernodes. No thread of the engine is left. Not to be called
   * in a callback: it would wait for the callback's end.
   */
  @Override
  public void close() {
    listener.closed();
    CompletableFuture<Void> left = new CompletableFuture<>();
    loop.execute(
        () -> {
          fetches.close();
          loop.when(supernodes.close(), done -> left.complete(null), e -> left.complete(null));
        });
    awaitLeft(left);
    server.ifPresent(Transport.Server::close);
    otherServer.ifPresent(Transport.Server::close);
    service.ifPresent(StoredPieceService::close);
    loop.close();
    writer.close();
    io.close();
    store.close();
    audit.close();
    closed = true;
    endings.forEach(Runnable::run);
  }

  private static void awaitLeft(CompletableFuture<Void> left) {
    try {
      left.get(CLOSE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closing goes on; it only says no farewell
    } catch (ExecutionException | TimeoutException e) {
      LOG.debug("The supernodes were not told that this peer leaves", e);
    }
  }
}
