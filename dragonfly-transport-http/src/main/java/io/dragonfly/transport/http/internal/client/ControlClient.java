package io.dragonfly.transport.http.internal.client;

import io.dragonfly.control.SupernodeApi;
import io.dragonfly.transport.http.internal.loop.DaemonThreads;
import io.dragonfly.transport.http.internal.reach.RetryAfterCheck;
import io.dragonfly.transport.http.internal.tls.TransportTls;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls supernodes with OkHttp, which has a thread for each call that is under way: a peer has one
 * long-poll and now and then another call. Safe for concurrent use.
 */
public final class ControlClient implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ControlClient.class);
  private static final int IDLE_CONNECTIONS = 8;
  private static final Duration WAIT = Duration.ofSeconds(10);

  private final DaemonThreads threads = new DaemonThreads("dragonfly-control");
  private final CallLimits limits;
  private final TransportTls tls;
  private final ExecutorService executor;
  private final OkHttpClient http;
  private final Map<Line, Connecting> lines = new ConcurrentHashMap<>();
  private volatile boolean closed;

  /**
   * From where to where. One pool for all would share connections between local addresses: OkHttp
   * does not look at the socket factory when it looks for a connection to use again.
   */
  private record Line(InetAddress local, InetSocketAddress supernode) {}

  /** Opens nothing yet. */
  public ControlClient(TransportTls tls) {
    this(CallLimits.DEFAULT, tls);
  }

  ControlClient(CallLimits limits, TransportTls tls) {
    this.limits = limits;
    this.tls = tls;
    executor =
        new ThreadPoolExecutor(
            0, Integer.MAX_VALUE, 30, TimeUnit.SECONDS, new SynchronousQueue<>(), threads);
    Dispatcher dispatcher = new Dispatcher(executor);
    dispatcher.setMaxRequests(Integer.MAX_VALUE);
    dispatcher.setMaxRequestsPerHost(Integer.MAX_VALUE);
    http =
        new OkHttpClient.Builder()
            .dispatcher(dispatcher)
            .protocols(List.of(Protocol.HTTP_1_1))
            .proxy(Proxy.NO_PROXY)
            .followRedirects(false)
            .followSslRedirects(false)
            .connectTimeout(limits.connect())
            .writeTimeout(Duration.ZERO)
            .readTimeout(Duration.ZERO) // each call has a limit of its own
            .addNetworkInterceptor(new RetryAfterCheck())
            .build();
  }

  /** Makes the client side of a supernode, calling from an address. */
  public SupernodeApi connect(InetSocketAddress supernode, InetAddress local) {
    Connecting connecting =
        lines.computeIfAbsent(
            new Line(local, supernode),
            line -> new Connecting(new ConnectionPool(IDLE_CONNECTIONS, 30, TimeUnit.SECONDS)));
    OkHttpClient bound =
        http.newBuilder()
            .connectionPool(connecting.pool())
            .eventListenerFactory(call -> connecting.listener())
            .socketFactory(new BoundSockets(local))
            .build();
    ControlHttp calls = new ControlHttp(bound, supernode, tls.forCalls(supernode));
    return new RemoteSupernode(this, calls, connecting, supernode, limits);
  }

  boolean isClosed() {
    return closed;
  }

  /** Ends all calls and waits for their threads. */
  @Override
  public void close() {
    closed = true;
    http.dispatcher().cancelAll();
    executor.shutdown();
    http.dispatcher().cancelAll(); // those that the end of others let begin
    lines.values().forEach(line -> line.pool().evictAll());
    if (!threads.isOneOfThem() && !threads.await(WAIT)) {
      LOG.warn("calls to supernodes have not ended: something blocks one of their threads");
    }
    lines.values().forEach(line -> line.pool().evictAll()); // what the last calls gave back
  }
}
