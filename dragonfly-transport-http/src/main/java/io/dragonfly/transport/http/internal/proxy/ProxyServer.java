package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.control.SecurityEvent;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchStream;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.internal.queue.KeyedBudget;
import io.dragonfly.spi.Requester;
import io.dragonfly.transport.http.internal.loop.EventLoops;
import io.dragonfly.transport.http.internal.loop.ProxyHeader;
import io.dragonfly.transport.http.internal.reach.Proxies;
import io.dragonfly.transport.http.internal.reach.SourceProxy;
import io.dragonfly.transport.http.proxy.ProxyConfig;
import io.dragonfly.transport.http.proxy.ProxyCounts;
import io.dragonfly.transport.http.proxy.Upstream;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;
import okhttp3.Dns;
import okhttp3.HttpUrl;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running proxy: its ports, connections and threads. Safe for concurrent use. */
public final class ProxyServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ProxyServer.class);
  private static final int LOOPS = 2;
  private static final int BACKLOG = 1024;
  private static final int WAIT_SECONDS = 10;

  private final ProxyConfig config;
  private final Machine machine;
  private final EventLoops loops;
  private final ChannelGroup channels;
  private final ProxyThreads threads;
  private final DirectCalls calls;
  private final ProxyParts parts;
  private final KeyedBudget<HostKey> clients;
  private final ChannelGroup excess;
  private final AtomicLong lastWarning;
  private final Map<String, InetSocketAddress> addresses = new LinkedHashMap<>();
  private final List<Channel> listening = new CopyOnWriteArrayList<>();

  /**
   * The peer that a proxy belongs to.
   *
   * @param streams opens a content for reading through the swarm
   * @param limit counts bytes that are downloaded directly towards the peer's limits, and returns
   *     nanoseconds to pause before the next ones
   * @param security is told of refusals; must not block
   */
  public record Peer(
      Function<FetchRequest, FetchStream> streams,
      LongUnaryOperator limit,
      Consumer<SecurityEvent> security) {
    /** A peer that is told of no refusals. */
    Peer(Function<FetchRequest, FetchStream> streams, LongUnaryOperator limit) {
      this(streams, limit, event -> {});
    }
  }

  /**
   * What a proxy asks its machine.
   *
   * @param requester tells from a client's address where the client is
   * @param dns returns the addresses of a host
   * @param nanoClock the time, as of {@link System#nanoTime}
   * @param clock the time of day
   */
  record Machine(
      Function<InetAddress, Requester> requester,
      Dns dns,
      LongSupplier nanoClock,
      InstantSource clock) {
    static final Machine REAL =
        new Machine(Requester::at, Dns.SYSTEM, System::nanoTime, InstantSource.system());
  }

  private ProxyServer(ProxyConfig config, ProxyLimits limits, Peer peer, Machine machine)
      throws IOException {
    this.config = config;
    this.machine = machine;
    this.loops = EventLoops.hasEpoll() ? EventLoops.epoll(LOOPS) : EventLoops.nio(LOOPS);
    this.channels = loops.newGroup();
    this.excess = loops.newGroup();
    this.threads = new ProxyThreads(config.connections());
    this.clients = new KeyedBudget<>(config.connections(), client -> config.connectionsPerClient());
    this.lastWarning =
        new AtomicLong(machine.nanoClock().getAsLong() - ProxyLimits.WARN_EVERY.toNanos());
    OwnAddresses own = new OwnAddresses();
    this.calls =
        new DirectCalls(
            new Proxies(config.environment()), own, config.answerTimeout(), machine.dns());
    boolean started = false;
    try {
      this.parts = parts(limits, peer, own);
      listenOnAll(own);
      started = true;
    } finally {
      if (!started) {
        close();
      }
    }
  }

  /**
   * Starts to listen.
   *
   * @param peer what brings contents through the swarm
   * @throws IOException if an address cannot be bound, or the CA cannot be read or made
   */
  public static ProxyServer start(ProxyConfig config, ProxyLimits limits, Peer peer)
      throws IOException {
    return start(config, limits, peer, Machine.REAL);
  }

  static ProxyServer start(ProxyConfig config, ProxyLimits limits, Peer peer, Machine machine)
      throws IOException {
    return new ProxyServer(config, limits, peer, machine);
  }

  private ProxyParts parts(ProxyLimits limits, Peer peer, OwnAddresses own) throws IOException {
    LongSupplier nanoClock = machine.nanoClock();
    Counters counters = new Counters();
    Hosts hosts = new Hosts(config);
    Tokens tokens = new Tokens(calls, counters, nanoClock, Tokens.WAIT);
    RegistryAuth auth = new RegistryAuth(tokens, new Logins(config.dockerConfig()), hosts);
    DirectLimit limit = new DirectLimit(peer.limit());
    DirectUpstream plain = new DirectUpstream(calls, auth, hosts, limit, name(), limits.body());
    SwarmUpstream swarm =
        new SwarmUpstream(peer.streams(), auth, loops.group().next(), config.patience(), counters);
    OfflineAnswers offline = new OfflineAnswers(config.offlineTtl(), nanoClock);
    return new ProxyParts(
        limits,
        hosts,
        new Routing(config, hosts),
        own,
        new LocalPages(
            new TokenPage(tokens, auth, plain, hosts, counters, machine.clock()),
            config.metricsPage().orElse(counters::toPrometheus),
            config),
        tokens,
        calls,
        plain,
        new Contents(swarm, plain, offline, limit, counters),
        offline,
        KeyedBudget.shared(ProxyLimits.MANIFESTS_BYTES, 0.5),
        certificates(),
        new VerifiedHosts(nanoClock),
        threads,
        channels,
        new RunningWork(),
        counters,
        nanoClock,
        peer.security());
  }

  /** A name of this very proxy: requests that come back have it in Via. */
  private static String name() {
    byte[] random = new byte[8];
    new SecureRandom().nextBytes(random);
    return "dfdaemon-" + HexFormat.of().formatHex(random);
  }

  private Optional<Certificates> certificates() throws IOException {
    return config.intercepted().isEmpty()
        ? Optional.empty()
        : Optional.of(Certificates.open(config.caFile().orElseThrow(), machine.clock()));
  }

  private void listenOnAll(OwnAddresses own) throws IOException {
    addresses.put("", listen(config.listen(), Optional.empty()));
    for (Upstream upstream : config.upstreams()) {
      if (upstream.port() != 0) {
        InetSocketAddress bind =
            new InetSocketAddress(config.listen().getAddress(), upstream.port());
        addresses.put(upstream.name(), listen(bind, Optional.of(upstream)));
      }
    }
    addresses.values().forEach(own::add);
    for (String scheme : List.of("http", "https")) {
      Optional<SourceProxy> farther = calls.proxyFor(HttpUrl.get(scheme + "://registry.invalid/"));
      if (farther.isPresent() && own.contains(farther.get().host(), farther.get().port())) {
        throw new IOException(
            "would ask itself: %s_proxy in its environment is its own address, unset it"
                .formatted(scheme));
      }
    }
  }

  private InetSocketAddress listen(InetSocketAddress bind, Optional<Upstream> upstream)
      throws IOException {
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loops.group())
            .channel(loops.serverChannel())
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.ALLOCATOR, EventLoops.ALLOCATOR)
            .childOption(ChannelOption.ALLOCATOR, EventLoops.ALLOCATOR)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(new Initializer(upstream))
            .bind(bind);
    boolean inTime = bound.awaitUninterruptibly(WAIT_SECONDS, TimeUnit.SECONDS);
    if (!inTime || !bound.isSuccess()) {
      bound.cancel(false);
      throw new IOException(
          "cannot listen on %s: %s"
              .formatted(
                  NetUtil.toSocketAddressString(bind), EventLoops.whyNotBound(bound.cause())),
          bound.cause());
    }
    channels.add(bound.channel());
    listening.add(bound.channel());
    return (InetSocketAddress) bound.channel().localAddress();
  }

  static HttpServerCodec codec() {
    return new HttpServerCodec(
        new HttpDecoderConfig()
            .setMaxInitialLineLength(ProxyLimits.LINE_BYTES)
            .setMaxHeaderSize(ProxyLimits.HEAD_BYTES)
            .setAllowDuplicateContentLengths(false));
  }

  private final class Initializer extends ChannelInitializer<SocketChannel> {
    private final Optional<Upstream> upstream;

    Initializer(Optional<Upstream> upstream) {
      this.upstream = upstream;
    }

    @Override
    protected void initChannel(SocketChannel channel) {
      InetSocketAddress from = channel.remoteAddress();
      if (from == null) { // gone already
        var unused = channel.close();
        return;
      }
      InetAddress client = from.getAddress();
      KeyedBudget.Grant entry = clients.take(RequestOrigin.place(client), 1);
      if (entry == KeyedBudget.Grant.TAKEN) {
        channels.add(channel);
        begin(channel, client);
        return;
      }
      tellFull(client);
      warn(client, entry);
      boolean isAnswered =
          entry == KeyedBudget.Grant.KEY_IS_FULL && excess.size() < ProxyLimits.EXCESS_CONNECTIONS;
      if (isAnswered) {
        excess.add(channel);
        channels.add(channel);
        channel.pipeline().addLast(new ExcessConnection());
      } else {
        var unused = channel.close();
      }
    }

    private void begin(SocketChannel channel, InetAddress from) {
      HostKey[] counted = {RequestOrigin.place(from)}; // the channel's event loop alone uses it
      channel.closeFuture().addListener(closed -> clients.giveBack(counted[0], 1));
      ProxyConnection connection = new ProxyConnection(parts, channel, arrival(from));
      ProxyHeader header =
          new ProxyHeader(
              config.trustedProxies(),
              from,
              named -> {
                HostKey place = RequestOrigin.place(named);
                boolean isCounted = place.equals(counted[0]);
                if (isCounted || clients.take(place, 1) == KeyedBudget.Grant.TAKEN) {
                  if (!isCounted) {
                    clients.giveBack(counted[0], 1);
                  }
                  counted[0] = place;
                  connection.comesBy(arrival(named));
                } else {
                  tellFull(named);
                  var unused = channel.close();
                }
              });
      channel
          .pipeline()
          .addLast(new Arrivals(connection))
          .addLast(header)
          .addLast(codec())
          .addLast(connection);
    }

    private RequestOrigin arrival(InetAddress client) {
      return new RequestOrigin(
          upstream, Optional.empty(), machine.requester().apply(client), client);
    }
  }

  private void tellFull(InetAddress client) {
    parts
        .security()
        .accept(
            SecurityEvent.refused(
                SecurityEvent.Kind.BUDGET_EXCEEDED,
                "",
                SecurityEvent.text(client),
                "connection to the proxy",
                "there are too many connections, in all or from this address"));
  }

  /** A client that opens many connections must not fill the log as well. */
  private void warn(InetAddress client, KeyedBudget.Grant entry) {
    long now = machine.nanoClock().getAsLong();
    long last = lastWarning.get();
    if (now - last >= ProxyLimits.WARN_EVERY.toNanos() && lastWarning.compareAndSet(last, now)) {
      LOG.warn(
          "Connections of {} are refused: there are too many {}",
          client.getHostAddress(),
          entry == KeyedBudget.Grant.ALL_IS_FULL ? "in all" : "from there");
    }
  }

  /** Tells a connection that bytes came, before they are decoded. */
  private static final class Arrivals extends ChannelInboundHandlerAdapter {
    private final ProxyConnection connection;

    Arrivals(ProxyConnection connection) {
      this.connection = connection;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
      connection.bytesCame();
      ctx.fireChannelRead(message);
    }
  }

  /** Returns where it listens; by the empty name, and by the names of upstreams with a port. */
  public Map<String, InetSocketAddress> addresses() {
    return Map.copyOf(addresses);
  }

  /** Returns what it has done so far. */
  public ProxyCounts counts() {
    return parts.counters().now();
  }

  /**
   * Stops to listen at once, ends idle connections, and waits until the answers and tunnels that
   * run have ended. Nothing new begins on their connections.
   *
   * @param most how long to wait; zero does not
   * @return how many answers and tunnels still run
   */
  public int drain(Duration most) {
    if (most.isZero()) {
      return parts.work().awaitNone(most);
    }
    parts.work().endSoon();
    for (Channel each : listening) {
      var unused = each.close().awaitUninterruptibly(WAIT_SECONDS, TimeUnit.SECONDS);
    }
    for (Channel each : channels) {
      each.pipeline().fireUserEventTriggered(ProxyConnection.ProxyEnds.NOW);
    }
    return parts.work().awaitNone(most);
  }

  /** Stops to listen, ends all connections, and waits for the threads. Safe to call twice. */
  @Override
  public void close() {
    loops.closeAll(channels);
    calls.close();
    threads.close();
    loops.close();
  }
}
