package io.dragonfly.transport.http.internal.server;

import io.dragonfly.internal.loop.ActiveClock;
import io.dragonfly.spi.Network;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.Transport;
import io.dragonfly.transport.http.internal.loop.EventLoops;
import io.dragonfly.transport.http.internal.loop.ProxyHeader;
import io.dragonfly.transport.http.internal.tls.ServerTls;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A listening port and its connections. Safe for concurrent use. */
public final class HttpServer implements Transport.Server {
  private static final Logger LOG = LoggerFactory.getLogger(HttpServer.class);
  private static final int BACKLOG = 1024;
  private static final int WAIT_SECONDS = 10;

  private final EventLoops loops;
  private final Serving serving;
  private final Optional<ServerTls> tls;
  private final List<Network> trustedProxies;

  /** The listening channel is one of them. */
  private final ChannelGroup connections;

  private final Channel listening;
  private final InetSocketAddress address;

  /** What takers know this by, as it was last. */
  private volatile String certificate = "";

  private HttpServer(
      EventLoops loops,
      ServeRequest request,
      ServerLimits limits,
      Optional<ServerTls> tls,
      List<Network> trustedProxies)
      throws IOException {
    this.loops = loops;
    this.tls = tls;
    this.trustedProxies = trustedProxies;
    this.serving = new Serving(request, limits, ActiveClock.ofProcess(loops.group().next()));
    this.connections = loops.newGroup();
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loops.group())
            .channel(loops.serverChannel())
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .option(ChannelOption.ALLOCATOR, EventLoops.ALLOCATOR)
            .childOption(ChannelOption.ALLOCATOR, EventLoops.ALLOCATOR)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childHandler(new Initializer())
            .bind(request.bind());
    boolean inTime = bound.awaitUninterruptibly(WAIT_SECONDS, TimeUnit.SECONDS);
    if (!inTime || !bound.isSuccess()) {
      bound.cancel(false);
      throw new IOException(
          "cannot listen on %s: %s"
              .formatted(
                  NetUtil.toSocketAddressString(request.bind()),
                  EventLoops.whyNotBound(bound.cause())),
          bound.cause());
    }
    this.listening = bound.channel();
    connections.add(listening);
    this.address = (InetSocketAddress) listening.localAddress();
  }

  /**
   * Starts to listen.
   *
   * @param tls how connections are protected whose client wants it; empty for plain ones alone
   * @throws IOException if the address cannot be bound
   */
  public static HttpServer start(
      EventLoops loops, ServeRequest request, ServerLimits limits, Optional<ServerTls> tls)
      throws IOException {
    return start(loops, request, limits, tls, List.of());
  }

  /**
   * The same with proxies in front of it.
   *
   * @param trustedProxies where they are; each of their connections says for whom it is
   */
  public static HttpServer start(
      EventLoops loops,
      ServeRequest request,
      ServerLimits limits,
      Optional<ServerTls> tls,
      List<Network> trustedProxies)
      throws IOException {
    return new HttpServer(loops, request, limits, tls, trustedProxies);
  }

  @Override
  public InetSocketAddress address() {
    return address;
  }

  @Override
  public String certificate() {
    if (tls.isPresent() && tls.get().protectsPieces() && !tls.get().isRequired()) {
      try {
        certificate = tls.get().fingerprint();
      } catch (IOException e) {
        LOG.debug("the certificate cannot be read again", e); // it is still the one of before
      }
    }
    return certificate;
  }

  /** Tells whether it still listens. */
  public boolean isOpen() {
    return listening.isOpen();
  }

  @Override
  public void close() {
    loops.closeAll(connections);
  }

  private final class Initializer extends ChannelInitializer<SocketChannel> {
    @Override
    protected void initChannel(SocketChannel channel) {
      InetSocketAddress remote = channel.remoteAddress();
      Serving.Entry entry =
          remote == null ? Serving.Entry.CLOSED : serving.enter(remote.getAddress());
      if (remote == null || entry == Serving.Entry.CLOSED) {
        LOG.debug("connection of {} is closed: there are too many", remote);
        if (remote != null) {
          serving.tellClosed(remote.getAddress());
        }
        var unused = channel.close();
        return;
      }
      InetAddress from = remote.getAddress();
      ServerConnection connection =
          new ServerConnection(serving, channel, from, entry, tls.isPresent());
      channel.closeFuture().addListener(closed -> leave(connection));
      connections.add(channel);
      channel
          .pipeline()
          .addLast(new Arrivals(connection))
          .addLast(new ProxyHeader(trustedProxies, from, named -> move(connection, named)))
          .addLast(firstHandlers(connection))
          .addLast(
              new HttpServerCodec(
                  new HttpDecoderConfig()
                      .setMaxInitialLineLength(ServerLimits.LINE_BYTES)
                      .setMaxHeaderSize(ServerLimits.HEAD_BYTES)
                      .setAllowDuplicateContentLengths(false)))
          .addLast(connection);
    }
  }

  /** A connection is counted where its client is, not where the proxy is. */
  private void move(ServerConnection connection, InetAddress named) {
    Serving.Entry entry = serving.enter(named);
    if (entry == Serving.Entry.CLOSED) {
      LOG.debug("connection of {} is closed: there are too many", named);
      serving.tellClosed(named);
      var unused = connection.channel().close();
    } else {
      serving.leave(connection.client(), connection.entry());
      connection.comesFrom(named, entry);
    }
  }

  /** To tell somebody that there are too many costs a handshake: not too often, either. */
  private void leave(ServerConnection connection) {
    EventLoop loop = connection.channel().eventLoop();
    Runnable leaving = () -> serving.leave(connection.client(), connection.entry());
    if (connection.entry() == Serving.Entry.SERVED || loop.isShuttingDown()) {
      leaving.run();
    } else {
      var unused = loop.schedule(leaving, ServerLimits.LINGER.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  private ChannelHandler[] firstHandlers(ServerConnection connection) {
    return tls.map(t -> new ChannelHandler[] {new FirstByte(t, serving, connection)})
        .orElseGet(() -> new ChannelHandler[0]);
  }

  /** Tells a connection that bytes came, before they are decoded. */
  private static final class Arrivals extends ChannelInboundHandlerAdapter {
    private final ServerConnection connection;

    Arrivals(ServerConnection connection) {
      this.connection = connection;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) throws Exception {
      connection.bytesCame();
      ctx.fireChannelRead(message);
    }
  }
}
