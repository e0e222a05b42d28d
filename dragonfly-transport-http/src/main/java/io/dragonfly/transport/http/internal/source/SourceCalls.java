package io.dragonfly.transport.http.internal.source;

import io.dragonfly.spi.Requester;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.Headers;
import io.dragonfly.transport.http.internal.reach.HostGuard;
import io.dragonfly.transport.http.internal.reach.Proxies;
import io.dragonfly.transport.http.internal.reach.RetryAfterCheck;
import io.dragonfly.transport.http.internal.reach.SourceProxy;
import io.dragonfly.transport.http.internal.reach.SourceTls;
import io.dragonfly.transport.http.internal.reach.Trusts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Proxy;
import java.net.UnknownHostException;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import okhttp3.Call;
import okhttp3.Connection;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.Dns;
import okhttp3.HttpUrl;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;

/**
 * OkHttp, set up to read sources: HTTP/1.1, since one content is one stream and an early end should
 * cost its connection only; no timeouts of its own, since {@link StallWatch} has them; no redirects
 * and no credentials of its own accord. One pool of connections; the way of each call through
 * proxies and TLS is its own.
 */
final class SourceCalls implements AutoCloseable {
  private static final int IDLE_CONNECTIONS = 32;

  private final String userAgent;
  private final HostGuard guard;
  private final Map<Requester, Route> routes = new EnumMap<>(Requester.class);
  private final Proxies proxies;
  private final ConnectionPool pool = new ConnectionPool(IDLE_CONNECTIONS, 1, TimeUnit.MINUTES);
  private final OkHttpClient client;
  private final Trusts trusts = new Trusts();

  SourceCalls(SourceConfig config, Proxies proxies, SourceThreads threads) {
    this.userAgent = config.userAgent();
    this.guard = new HostGuard(config.hosts());
    for (Requester requester : Requester.values()) {
      routes.put(requester, Route.of(guard, requester));
    }
    this.proxies = proxies;
    this.client =
        new OkHttpClient.Builder()
            .dispatcher(new Dispatcher(threads.executor()))
            .connectionPool(pool)
            .protocols(List.of(Protocol.HTTP_1_1))
            .connectTimeout(0, TimeUnit.MILLISECONDS)
            .readTimeout(0, TimeUnit.MILLISECONDS)
            .writeTimeout(0, TimeUnit.MILLISECONDS)
            .followRedirects(false)
            .followSslRedirects(false)
            .eventListenerFactory(
                call -> new SourceEvents(call.request().tag(SourceExchange.class)))
            .addInterceptor(this::takeWay)
            .addNetworkInterceptor(this::checkConnection)
            .addNetworkInterceptor(new RetryAfterCheck())
            .build();
  }

  /**
   * How hosts are connected to for a requester. Connections are shared by calls with the same
   * resolver, so each requester has one of its own: none uses a connection that one with more
   * rights has opened.
   */
  private record Route(Dns dns, SourceSocket.Factory sockets) {
    /** A route to all addresses. */
    static final Route OPEN = new Route(Dns.SYSTEM, new SourceSocket.Factory(address -> {}));

    static Route of(HostGuard guard, Requester requester) {
      return requester == Requester.THIS_PROCESS
          ? OPEN
          : new Route(
              new OwnDns(), new SourceSocket.Factory(address -> guard.check(address, requester)));
    }
  }

  /** The system's resolver. No two are equal, as two lambdas without variables would be. */
  private static final class OwnDns implements Dns {
    @Override
    public List<InetAddress> lookup(String host) throws UnknownHostException {
      return Dns.SYSTEM.lookup(host);
    }
  }

  /**
   * How a call reaches its host.
   *
   * @param requester for whom the source is read
   * @param tls how https connections are checked; empty for the platform's way
   * @param proxy the proxy that it goes through, if any
   * @param proxyAuthorization what the proxy gets to see, if anything
   */
  private record Way(
      Requester requester,
      Optional<SourceTls> tls,
      Optional<SourceProxy> proxy,
      Optional<String> proxyAuthorization) {
    /** Hides what the proxy gets to see: it is a secret. */
    @Override
    public String toString() {
      return "Way[" + requester + ", tls " + tls.isPresent() + ", proxy " + proxy + "]";
    }

    /** A proxy is named by who runs us and may be anywhere; it connects to the host itself. */
    boolean guardsAddresses() {
      return requester != Requester.THIS_PROCESS && proxy.isEmpty();
    }
  }

  /** Makes the call that puts the question to the host of {@code url}. */
  Call create(SourceExchange exchange, HttpUrl url, SourceQuery probe) throws IOException {
    SourceRequest asked = exchange.request();
    Optional<SourceProxy> proxy = proxies.forUrl(url);
    Requester requester = asked.requester();
    if (requester != Requester.THIS_PROCESS) {
      guard.checkName(url.host(), proxy.isPresent(), requester);
    }
    Way way =
        new Way(
            requester,
            url.isHttps() ? trusts.tls(asked.content().trust()) : Optional.empty(),
            proxy,
            proxy.flatMap(p -> proxyAuthorization(p, asked.content().headers())));
    Request.Builder request =
        new Request.Builder()
            .url(url)
            .headers(RequestHeaders.of(asked.content(), url, probe, userAgent))
            .tag(SourceExchange.class, exchange)
            .tag(Way.class, way);
    if (!url.isHttps()) {
      // The proxy reads this request itself. For https it gets its own, CONNECT.
      way.proxyAuthorization().ifPresent(value -> request.header("Proxy-Authorization", value));
    }
    return client.newCall(request.build());
  }

  private static Optional<String> proxyAuthorization(SourceProxy proxy, Headers headers) {
    Optional<String> users = headers.first("Proxy-Authorization");
    return users.isPresent() ? users : proxy.authorization();
  }

  private Response takeWay(Interceptor.Chain chain) throws IOException {
    Way way = chain.request().tag(Way.class);
    Route route = way.guardsAddresses() ? route(way) : Route.OPEN;
    Interceptor.Chain on =
        chain
            .withDns(route.dns())
            .withSocketFactory(route.sockets())
            .withProxy(way.proxy().map(SourceProxy::proxy).orElse(Proxy.NO_PROXY))
            .withProxyAuthenticator(new SourceProxy.Credentials(way.proxyAuthorization()));
    if (way.tls().isPresent()) {
      SourceTls tls = way.tls().get();
      on = on.withSslSocketFactory(tls.socketFactory(), tls.trustManager());
      if (tls.verifier().isPresent()) {
        on = on.withHostnameVerifier(tls.verifier().get());
      }
    }
    return on.proceed(chain.request());
  }

  private Route route(Way way) {
    return Objects.requireNonNull(routes.get(way.requester()));
  }

  private Response checkConnection(Interceptor.Chain chain) throws IOException {
    Way way = chain.request().tag(Way.class);
    Connection connection = chain.connection();
    if (way.guardsAddresses()) {
      guard.check(connection.route().socketAddress().getAddress(), way.requester());
    }
    if (connection.socket() instanceof SourceSocket plain) {
      plain.expectAnswer();
    }
    return chain.proceed(chain.request());
  }

  @Override
  public void close() {
    client.dispatcher().cancelAll();
    pool.evictAll();
  }
}
