package io.dragonfly.transport.http.internal.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.control.Outcome;
import io.dragonfly.peer.Peer;
import io.dragonfly.spi.AdaptiveQuantum;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.Transport;
import io.dragonfly.transport.http.internal.loop.EventLoops;
import io.dragonfly.transport.http.internal.tls.TransportTls;
import io.dragonfly.transport.http.internal.wire.OneLine;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.group.ChannelGroup;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes pieces over HTTP. For each parent and own address there are at most {@value
 * #MAX_CONNECTIONS} connections, kept for a while; takes beyond that wait in line. Safe for
 * concurrent use: under its lock a take only gets its place, all else happens on event loops.
 */
public final class PieceConnections implements AutoCloseable {
  /** A take that waits at its parent must not hold up another that could go on. */
  static final int MAX_CONNECTIONS = 4;

  private static final Logger LOG = LoggerFactory.getLogger(PieceConnections.class);

  /** How the native transport's messages begin, and how all of Netty's end. */
  private static final Pattern CALL = Pattern.compile("^\\w+\\(\\.\\.\\) failed[^:]*: ");

  private static final Pattern ADDRESS = Pattern.compile(": \\S*/\\S+:\\d+$");

  /** Linux sends a lost first packet again after 1 s: a limit of 1 s would not see the second. */
  static final Duration CONNECT = Duration.ofSeconds(3);

  /** Measured: 64 KiB costs half as much CPU again. */
  private static final int BUFFER_BYTES = 256 << 10;

  private final EventLoops loops;
  private final ChannelGroup channels;
  private final TransportTls tls;
  private final LongSupplier nanos;
  private final LinkRate link = new LinkRate();

  @GuardedBy("this")
  private final Map<Key, Line> lines = new HashMap<>();

  @GuardedBy("this")
  private final Set<HttpPieceDownload> takes = new HashSet<>();

  @GuardedBy("this")
  private boolean closed;

  /**
   * What one line leads to.
   *
   * @param certificate the fingerprint of the parent's certificate, as the supernode told it; empty
   *     if it told none
   */
  private record Key(InetSocketAddress parent, String certificate, InetAddress local) {
    static Key of(PieceRequest request) {
      Peer parent = request.parent();
      return new Key(parent.address(), parent.certificate(), request.local());
    }
  }

  /** The connections to one parent from one address, and who waits for one. */
  static final class Line {
    private final Key key;
    private final Deque<PieceConnection> idle = new ArrayDeque<>();
    private final Deque<HttpPieceDownload> waiting = new ArrayDeque<>();
    private int open;

    private Line(Key key) {
      this.key = key;
    }
  }

  /** Takes over these loops, which the caller closes after this. */
  public PieceConnections(EventLoops loops, TransportTls tls) {
    this(loops, tls, System::nanoTime);
  }

  PieceConnections(EventLoops loops, TransportTls tls, LongSupplier nanos) {
    this.loops = loops;
    this.nanos = nanos;
    this.tls = tls;
    this.channels = loops.newGroup();
  }

  /**
   * Starts a take.
   *
   * @throws IllegalStateException if this is closed
   * @throws IllegalArgumentException if no byte is asked for
   */
  public Transport.Take take(PieceRequest request, PieceSink sink) {
    if (request.range().length() == 0) {
      throw new IllegalArgumentException("a take of no bytes");
    }
    HttpPieceDownload take = new HttpPieceDownload(this, request, sink);
    synchronized (this) {
      if (closed) {
        throw new IllegalStateException("this transport is closed");
      }
      takes.add(take);
    }
    place(take);
    return take;
  }

  /** Gives a take that is not over a connection or a place in line. */
  void place(HttpPieceDownload take) {
    Key key = Key.of(take.request());
    Optional<SslContext> protection = protection(key);
    List<PieceConnection> stale = new ArrayList<>();
    Line line;
    PieceConnection idle;
    boolean mayConnect;
    synchronized (this) {
      line = lines.computeIfAbsent(key, Line::new);
      line.idle.stream().filter(each -> !each.isProtectedBy(protection)).forEach(stale::add);
      line.idle.removeAll(stale);
      idle = line.idle.pollLast();
      mayConnect = idle == null && line.open < MAX_CONNECTIONS;
      if (mayConnect) {
        line.open++;
      } else if (idle == null) {
        line.waiting.add(take);
      }
    }
    stale.forEach(PieceConnection::close); // whoever waits in line gets their places
    if (idle != null) {
      idle.start(take);
    } else if (mayConnect) {
      connect(line, take);
    }
  }

  /** Returns what connections are made with now; that of no connection if it cannot be used. */
  private Optional<SslContext> protection(Key key) {
    try {
      return tls.forPieces(key.parent().getAddress(), key.certificate())
          .map(TransportTls.ToParent::context);
    } catch (IOException e) {
      return Optional.empty(); // which is said when a connection is to be made
    }
  }

  /** Gives a take a new connection: those that were kept have probably been closed as well. */
  void placeAnew(HttpPieceDownload take, Line line) {
    List<PieceConnection> stale;
    synchronized (this) {
      stale = List.copyOf(line.idle);
      line.idle.clear();
    }
    stale.forEach(PieceConnection::close);
    place(take);
  }

  private void connect(Line line, HttpPieceDownload take) {
    Optional<TransportTls.ToParent> protection;
    try {
      protection = tls.forPieces(line.key.parent().getAddress(), line.key.certificate());
    } catch (IOException e) {
      // Later, since whoever waits for a place must not be called back before it has one.
      onAnyLoop(() -> connectFailed(line, take, OneLine.of(String.valueOf(e.getMessage()))));
      return;
    }
    AdaptiveQuantum portion = new AdaptiveQuantum(BUFFER_BYTES);
    Bootstrap bootstrap =
        new Bootstrap()
            .group(loops.group())
            .channel(loops.channel())
            .disableResolver()
            .option(ChannelOption.ALLOCATOR, EventLoops.ALLOCATOR)
            .option(ChannelOption.RECVBUF_ALLOCATOR, new QuantumReads(portion))
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) CONNECT.toMillis())
            .option(ChannelOption.TCP_NODELAY, true)
            .handler(
                new ChannelInitializer<Channel>() {
                  @Override
                  protected void initChannel(Channel channel) {
                    channels.add(channel);
                    protection.ifPresent(
                        with -> channel.pipeline().addLast(handler(with, channel, line)));
                    channel.pipeline().addLast(codec(), new Broken());
                  }
                });
    if (!line.key.local().isAnyLocalAddress()) {
      bootstrap.localAddress(line.key.local(), 0);
    }
    try {
      bootstrap
          .connect(line.key.parent())
          .addListener(
              (ChannelFuture connected) -> connected(line, take, portion, connected, protection));
    } catch (RejectedExecutionException e) {
      LOG.debug("a take outlived its transport"); // which has told it so, before its loops ended
    }
  }

  /** Checks that the parent's certificate is the right one. */
  private static ChannelHandler handler(
      TransportTls.ToParent protection, Channel channel, Line line) {
    SslHandler handler =
        protection
            .context()
            .newHandler(channel.alloc(), protection.name(), line.key.parent().getPort());
    handler.setHandshakeTimeoutMillis(0); // who takes a piece has a limit, in active time
    return handler;
  }

  private static HttpClientCodec codec() {
    HttpDecoderConfig config = new HttpDecoderConfig().setMaxChunkSize(BUFFER_BYTES);
    return new HttpClientCodec(config, false, false);
  }

  /** Closes what breaks: also in the moment before its {@link PieceConnection} is there. */
  private static final class Broken extends ChannelInboundHandlerAdapter {
    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      LOG.debug("connection to {} broke: {}", ctx.channel().remoteAddress(), cause.toString());
      var unused = ctx.close();
    }
  }

  private void connected(
      Line line,
      HttpPieceDownload take,
      AdaptiveQuantum portion,
      ChannelFuture connected,
      Optional<TransportTls.ToParent> protection) {
    Channel channel = connected.channel();
    // One that was reset meanwhile would never tell its handler so, and keep its place for ever.
    if (connected.isSuccess() && channel.isActive()) {
      PieceConnection connection =
          new PieceConnection(
              this,
              line,
              portion,
              channel,
              flow(channel, protection.isPresent()),
              protection.map(TransportTls.ToParent::context));
      channel.pipeline().replace(Broken.class, null, connection);
      connection.start(take);
      return;
    }
    Throwable cause = connected.cause();
    connectFailed(
        line,
        take,
        cause == null
            ? "the parent closed the connection"
            : reason(String.valueOf(cause.getMessage())));
  }

  private ReceiveFlow flow(Channel channel, boolean encrypted) {
    return new ReceiveFlow(
        link,
        new ReceiveWindow(loops, channel, link, nanos.getAsLong()),
        encrypted ? LowWater.none(loops, channel) : new LowWater(loops, channel));
  }

  private void connectFailed(Line line, HttpPieceDownload take, String reason) {
    List<HttpPieceDownload> failed = new ArrayList<>();
    failed.add(take);
    synchronized (this) {
      line.open--;
      if (line.open == 0) {
        failed.addAll(line.waiting);
        line.waiting.clear();
      }
      forgetIfUnused(line);
    }
    PieceDownloadException failure =
        new PieceDownloadException(
            Outcome.UNREACHABLE,
            "cannot connect to %s: %s"
                .formatted(NetUtil.toSocketAddressString(line.key.parent()), reason));
    failed.forEach(each -> each.failWaiting(failure));
  }

  /** Leaves out the name of the system call, its number, and the address, which is said before. */
  static String reason(String message) {
    String text =
        ADDRESS.matcher(CALL.matcher(OneLine.of(message)).replaceFirst("")).replaceFirst("");
    return text.isEmpty()
        ? message
        : text.substring(0, 1).toLowerCase(Locale.ROOT) + text.substring(1);
  }

  LongSupplier nanos() {
    return nanos;
  }

  /**
   * A connection's take has ended, and it can be used again, unless the TLS files have changed
   * since it was made: its parent may be revoked.
   */
  void release(PieceConnection connection) {
    if (!connection.isProtectedBy(protection(connection.line().key))) {
      connection.close();
      return;
    }
    HttpPieceDownload next;
    synchronized (this) {
      Line line = connection.line();
      next = line.waiting.poll();
      if (next == null) {
        line.idle.addLast(connection);
      }
    }
    if (next != null) {
      connection.start(next);
    }
  }

  /** A connection is gone. */
  void closed(PieceConnection connection) {
    Line line = connection.line();
    HttpPieceDownload next;
    synchronized (this) {
      line.open--;
      line.idle.remove(connection);
      next = closed ? null : line.waiting.poll();
      if (next != null) {
        line.open++;
      }
      forgetIfUnused(line);
    }
    if (next != null) {
      connect(line, next);
    }
  }

  /** A take is over, wherever it was. */
  synchronized void over(HttpPieceDownload take) {
    takes.remove(take);
    Line line = lines.get(Key.of(take.request()));
    if (line != null && line.waiting.remove(take)) {
      forgetIfUnused(line);
    }
  }

  @GuardedBy("this")
  private void forgetIfUnused(Line line) {
    if (line.open == 0 && line.waiting.isEmpty()) {
      lines.remove(line.key, line);
    }
  }

  void onAnyLoop(Runnable task) {
    try {
      loops.group().next().execute(task);
    } catch (RejectedExecutionException e) {
      LOG.debug("a take outlived its transport"); // which is being closed twice at once
    }
  }

  /** Ends all takes and waits until their connections are gone. */
  @Override
  public void close() {
    List<HttpPieceDownload> running;
    synchronized (this) {
      closed = true;
      running = List.copyOf(takes);
    }
    PieceDownloadException failure =
        new PieceDownloadException(Outcome.UNREACHABLE, "this transport was closed");
    running.forEach(take -> take.end(failure));
    loops.closeAll(channels);
  }
}
