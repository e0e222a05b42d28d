package io.dragonfly.transport.http;

import io.dragonfly.control.SupernodeApi;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.spi.Transport;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.transport.http.internal.client.ControlClient;
import io.dragonfly.transport.http.internal.client.PieceConnections;
import io.dragonfly.transport.http.internal.loop.EventLoops;
import io.dragonfly.transport.http.internal.server.HttpServer;
import io.dragonfly.transport.http.internal.server.ServerLimits;
import io.dragonfly.transport.http.internal.tls.ServerTls;
import io.dragonfly.transport.http.internal.tls.TransportTls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries pieces and control calls over HTTP. Found by the name {@code http}; made by hand only by
 * those who set something. Safe for concurrent use.
 */
public final class HttpTransport implements Transport {
  private static final Logger LOG = LoggerFactory.getLogger(HttpTransport.class);

  private final TransportConfig config;
  private final EventLoops loops;
  private final PieceConnections pieces;
  private final ControlClient control;
  private final TransportTls tls;
  private final List<HttpServer> servers = new ArrayList<>();
  private boolean closed;

  private HttpTransport(Builder builder) {
    this.config = builder.config;
    this.tls = TransportTls.of(config, System::nanoTime);
    this.control = new ControlClient(tls);
    this.loops =
        switch (builder.eventLoop) {
          case EPOLL -> EventLoops.epoll(builder.threads);
          case NIO -> EventLoops.nio(builder.threads);
          case AUTO ->
              EventLoops.hasEpoll()
                  ? EventLoops.epoll(builder.threads)
                  : EventLoops.nio(builder.threads);
        };
    this.pieces = new PieceConnections(loops, tls);
    tls.watch();
  }

  /** Starts with the defaults, under which nothing needs to be set. */
  public static Builder builder() {
    return new Builder();
  }

  /** How the transport waits for its sockets. */
  public enum EventLoop {
    /** Epoll where it can be used, else NIO. */
    AUTO,
    /** Linux's epoll: costs less CPU. */
    EPOLL,
    /** Java's own NIO, which works everywhere. */
    NIO
  }

  @Override
  public Server serve(ServeRequest request) throws IOException {
    checkOpen();
    Optional<ServerTls> protection = tls.forServer(request.control().isPresent());
    if (protection.isPresent()) {
      String fingerprint = protection.get().fingerprint(); // a failure shows here, not at a call
      if (request.control().isPresent() || protection.get().isRequired()) {
        // Callers come over TLS: whoever runs this wants to know what they will see.
        LOG.info("certificate for TLS: {}", fingerprint);
      }
    }
    ServerLimits limits = ServerLimits.DEFAULT.withShare(request.sharePerAddress());
    HttpServer server =
        HttpServer.start(loops, request, limits, protection, config.trustedProxies());
    synchronized (servers) {
      if (!closed) {
        servers.removeIf(each -> !each.isOpen());
        servers.add(server);
        return server;
      }
    }
    server.close(); // this was closed meanwhile
    throw new IllegalStateException("this transport is closed");
  }

  @Override
  public SupernodeApi connect(InetSocketAddress supernode, InetAddress local) {
    return control.connect(supernode, local);
  }

  @Override
  public Take take(PieceRequest request, PieceSink sink) {
    return pieces.take(request, sink);
  }

  @Override
  public void close() {
    List<HttpServer> open;
    synchronized (servers) {
      closed = true;
      open = List.copyOf(servers);
      servers.clear();
    }
    pieces.close();
    open.forEach(HttpServer::close);
    control.close();
    loops.close();
    tls.close();
  }

  private void checkOpen() {
    synchronized (servers) {
      if (closed) {
        throw new IllegalStateException("this transport is closed");
      }
    }
  }

  /** Makes transports. Not safe for concurrent use. */
  public static final class Builder {
    private static final int MAX_THREADS = 8;

    private TransportConfig config = TransportConfig.builder().build();
    private EventLoop eventLoop = EventLoop.AUTO;
    private int threads =
        Math.max(2, Math.min(MAX_THREADS, Runtime.getRuntime().availableProcessors()));

    private Builder() {}

    /** How the transport waits for its sockets; {@link EventLoop#AUTO} unless set. */
    public Builder eventLoop(EventLoop kind) {
      this.eventLoop = kind;
      return this;
    }

    /** Whom to trust and where to remember it; nothing is remembered unless set. */
    public Builder config(TransportConfig settings) {
      this.config = settings;
      return this;
    }

    /** How many threads serve and take; one for each processor, from 2 to 8, unless set. */
    public Builder threads(int count) {
      this.threads = count;
      return this;
    }

    /**
     * Makes a transport.
     *
     * @throws IllegalArgumentException if there is not one thread, or a file that the settings name
     *     cannot be used
     * @throws UnsupportedOperationException if epoll was asked for and cannot be used here
     */
    public HttpTransport build() {
      if (threads < 1) {
        throw new IllegalArgumentException("threads is %d, must be > 0".formatted(threads));
      }
      return new HttpTransport(this);
    }
  }
}
