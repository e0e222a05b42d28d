package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.transport.http.internal.reach.AddressGuard;
import io.dragonfly.transport.http.internal.reach.Proxies;
import io.dragonfly.transport.http.internal.reach.RetryAfterCheck;
import io.dragonfly.transport.http.internal.reach.SourceProxy;
import io.dragonfly.transport.http.internal.reach.SourceTls;
import io.dragonfly.transport.http.internal.reach.Trusts;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Proxy;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import okhttp3.Call;
import okhttp3.ConnectionPool;
import okhttp3.Dns;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.Response;

/**
 * OkHttp, set up to pass requests on: HTTP/1.1, no redirects, credentials or codings of its own
 * accord. How a host is reached is that of each call: through which proxy, with which certificates,
 * and whether addresses are guarded.
 */
final class PlainCalls implements AutoCloseable {
  private static final int IDLE_CONNECTIONS = 64;
  private static final Duration MOST_CONNECT = Duration.ofSeconds(10);

  private final Proxies proxies;
  private final OwnAddresses own;
  private final Trusts trusts = new Trusts();
  private final ConnectionPool pool = new ConnectionPool(IDLE_CONNECTIONS, 1, TimeUnit.MINUTES);
  private final Duration answerTimeout;
  private final OkHttpClient client;

  // Connections are shared by calls with the same resolver: guarded ones keep their own.
  private final Dns openDns;
  private final Dns guardedDns;

  PlainCalls(Proxies proxies, OwnAddresses own, Duration answerTimeout, Dns dns) {
    this.openDns = dns;
    this.guardedDns = host -> lookUpGuarded(dns, host);
    this.proxies = proxies;
    this.own = own;
    this.answerTimeout = answerTimeout;
    this.client =
        new OkHttpClient.Builder()
            .connectionPool(pool)
            .protocols(List.of(Protocol.HTTP_1_1))
            .connectTimeout(
                answerTimeout.compareTo(MOST_CONNECT) < 0 ? answerTimeout : MOST_CONNECT)
            .readTimeout(answerTimeout)
            .writeTimeout(answerTimeout)
            .followRedirects(false)
            .followSslRedirects(false)
            .addInterceptor(this::takeWay)
            .addNetworkInterceptor(this::checkConnection)
            .addNetworkInterceptor(new RetryAfterCheck())
            .build();
  }

  /** A request would come back to this proxy. */
  static final class LoopException extends IOException {
    private static final long serialVersionUID = 1L;

    LoopException(String where) {
      super(where + " is this proxy itself");
    }
  }

  private record Way(boolean guarded, Optional<SourceTls> tls, Optional<SourceProxy> proxy) {
    /** A proxy is named by who runs us and may be anywhere; it connects to the host itself. */
    boolean guardsAddresses() {
      return guarded && proxy.isEmpty();
    }
  }

  private static List<InetAddress> lookUpGuarded(Dns dns, String host) throws UnknownHostException {
    List<InetAddress> addresses = dns.lookup(host);
    for (InetAddress address : addresses) {
      try {
        AddressGuard.check(address);
      } catch (AddressGuard.RefusedException e) {
        UnknownHostException refused = new UnknownHostException(String.valueOf(e.getMessage()));
        refused.initCause(e);
        throw refused;
      }
    }
    return addresses;
  }

  /**
   * Returns the addresses of a host, by one look-up.
   *
   * @throws UnknownHostException if it has none
   */
  List<InetAddress> lookUp(String host) throws UnknownHostException {
    return openDns.lookup(host);
  }

  /** Makes a call for a target; the request's URL may be another one that it led to. */
  Call create(Target target, Request request) throws IOException {
    Optional<SourceProxy> proxy = proxies.forUrl(request.url());
    if (target.guarded()) {
      AddressGuard.checkName(request.url().host()); // what is an address is never looked up
    }
    Optional<SourceTls> tls =
        request.url().isHttps() ? trusts.tls(target.trust()) : Optional.empty();
    return client.newCall(
        request.newBuilder().tag(Way.class, new Way(target.guarded(), tls, proxy)).build());
  }

  /** Makes a call of which all must have come in the time that else a single byte may take. */
  Call createShort(Target target, Request request) throws IOException {
    Call call = create(target, request);
    call.timeout().timeout(answerTimeout.toNanos(), TimeUnit.NANOSECONDS);
    return call;
  }

  private Response takeWay(Interceptor.Chain chain) throws IOException {
    Way way = chain.request().tag(Way.class);
    Interceptor.Chain on =
        chain
            .withDns(way.guardsAddresses() ? guardedDns : openDns)
            .withProxy(way.proxy().map(SourceProxy::proxy).orElse(Proxy.NO_PROXY))
            .withProxyAuthenticator(
                new SourceProxy.Credentials(way.proxy().flatMap(SourceProxy::authorization)));
    if (way.tls().isPresent()) {
      SourceTls tls = way.tls().get();
      on = on.withSslSocketFactory(tls.socketFactory(), tls.trustManager());
      if (tls.verifier().isPresent()) {
        on = on.withHostnameVerifier(tls.verifier().get());
      }
    }
    return on.proceed(withProxyCredentials(chain.request(), way));
  }

  /** A proxy reads http requests itself. For https it gets its own, CONNECT. */
  private static Request withProxyCredentials(Request request, Way way) {
    Optional<String> authorization = way.proxy().flatMap(SourceProxy::authorization);
    return authorization.isEmpty() || request.url().isHttps()
        ? request
        : request.newBuilder().header("Proxy-Authorization", authorization.get()).build();
  }

  private Response checkConnection(Interceptor.Chain chain) throws IOException {
    Way way = chain.request().tag(Way.class);
    var address = chain.connection().route().socketAddress();
    if (way.guardsAddresses()) {
      AddressGuard.check(address.getAddress());
    }
    if (own.contains(address)) {
      throw new LoopException(chain.request().url().host());
    }
    return chain.proceed(chain.request());
  }

  /** Returns the proxy on the way to a URL, if there is one. */
  Optional<SourceProxy> proxyFor(okhttp3.HttpUrl url) {
    return proxies.forUrl(url);
  }

  @Override
  public void close() {
    client.dispatcher().cancelAll();
    pool.evictAll();
  }
}
