package io.dragonfly.transport.http.internal.server;

import io.dragonfly.internal.loop.ActiveClock;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.Transport;
import io.dragonfly.transport.http.internal.loop.EventLoops;
import io.dragonfly.transport.http.internal.tls.ServerTls;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
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

  /** The listening channel is one of them. */
  private final ChannelGroup connections;

  private final Channel listening;
  private final InetSocketAddress address;

  private HttpServer(
      EventLoops loops, ServeRequest request, ServerLimits limits, Optional<ServerTls> tls)
      throws IOException {
    this.loops = loops;
    this.tls = tls;
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
    return new HttpServer(loops, request, limits, tls);
  }

  @Override
  public InetSocketAddress address() {
    return address;
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
      InetSocketAddress client = channel.remoteAddress();
      Serving.Entry entry =
          client == null ? Serving.Entry.CLOSED : serving.enter(client.getAddress());
      if (client == null || entry == Serving.Entry.CLOSED) {
        LOG.debug("connection of {} is closed: there are too many", client);
        var unused = channel.close();
        return;
      }
      channel.closeFuture().addListener(closed -> leave(channel, client.getAddress(), entry));
      connections.add(channel);
      ServerConnection connection = new ServerConnection(serving, channel, entry);
      channel
          .pipeline()
          .addLast(new Arrivals(connection))
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

  /** To tell somebody that there are too many costs a handshake: not too often, either. */
  private void leave(SocketChannel channel, InetAddress client, Serving.Entry entry) {
    if (entry == Serving.Entry.SERVED || channel.eventLoop().isShuttingDown()) {
      serving.leave(client, entry);
    } else {
      var unused =
          channel
              .eventLoop()
              .schedule(
                  () -> serving.leave(client, entry),
                  ServerLimits.LINGER.toNanos(),
                  TimeUnit.NANOSECONDS);
    }
  }

  private ChannelHandler[] firstHandlers(ServerConnection connection) {
    return tls.map(t -> new ChannelHandler[] {new FirstByte(t, connection)})
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
