package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.spi.Requester;
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
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
import okio.AsyncTimeout;

/**
 * OkHttp, set up to pass requests on: HTTP/1.1, no redirects, credentials or codings of its own
 * accord. How a host is reached is that of each call: through which proxy, with which certificates,
 * and whether addresses are guarded.
 */
final class DirectCalls implements AutoCloseable {
  /** The header of a request whose body is sent when the server has said that it wants it. */
  static final String EXPECT = "Expect";

  /** How long that may take; clients do not wait longer, either. */
  private static final Duration MOST_EXPECT = Duration.ofSeconds(1);

  private static final int IDLE_CONNECTIONS = 64;
  private static final Duration MOST_CONNECT = Duration.ofSeconds(10);

  private final Proxies proxies;
  private final OwnAddresses own;
  private final Trusts trusts = new Trusts();
  private final ConnectionPool pool = new ConnectionPool(IDLE_CONNECTIONS, 1, TimeUnit.MINUTES);
  private final Duration answerTimeout;
  private final OkHttpClient client;

  // Connections are shared by calls with the same resolver: those for each requester keep their
  // own.
  private final Map<Requester, Dns> dns = new EnumMap<>(Requester.class);

  DirectCalls(Proxies proxies, OwnAddresses own, Duration answerTimeout, Dns dns) {
    for (Requester requester : Requester.values()) {
      this.dns.put(requester, host -> lookUp(dns, host, requester));
    }
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

  private record Way(Requester requester, Optional<SourceTls> tls, Optional<SourceProxy> proxy) {
    /** A proxy is named by who runs us and may be anywhere; it connects to the host itself. */
    Requester connectsFor() {
      return proxy.isEmpty() ? requester : Requester.THIS_PROCESS;
    }
  }

  private static List<InetAddress> lookUp(Dns dns, String host, Requester requester)
      throws UnknownHostException {
    List<InetAddress> addresses = dns.lookup(host);
    for (InetAddress address : addresses) {
      try {
        AddressGuard.check(address, requester);
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
    return dnsFor(Requester.THIS_PROCESS).lookup(host);
  }

  private Dns dnsFor(Requester requester) {
    return Objects.requireNonNull(dns.get(requester));
  }

  /** Makes a call for a target; the request's URL may be another one that it led to. */
  Call create(Target target, Request request) throws IOException {
    Optional<SourceProxy> proxy = proxies.forUrl(request.url());
    // What is an address is never looked up.
    AddressGuard.checkName(request.url().host(), target.requester());
    Optional<SourceTls> tls =
        request.url().isHttps() ? trusts.tls(target.trust()) : Optional.empty();
    return client.newCall(
        request.newBuilder().tag(Way.class, new Way(target.requester(), tls, proxy)).build());
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
            .withDns(dnsFor(way.connectsFor()))
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
    AddressGuard.check(address.getAddress(), way.connectsFor());
    if (own.contains(address)) {
      throw new LoopException(chain.request().url().host());
    }
    return chain.request().body() instanceof InboundBody body
            && chain.request().header(EXPECT) != null
        ? awaitDecision(chain, body)
        : chain.proceed(chain.request());
  }

  /** Sends a head, and its body only if the server wants that; ends the call if it is silent. */
  private Response awaitDecision(Interceptor.Chain chain, InboundBody body) throws IOException {
    AsyncTimeout wait =
        new AsyncTimeout() {
          @Override
          protected void timedOut() {
            if (body.giveUp()) {
              chain.call().cancel();
            }
          }
        };
    long half = answerTimeout.toNanos() / 2;
    wait.timeout(Math.min(MOST_EXPECT.toNanos(), half), TimeUnit.NANOSECONDS);
    wait.enter();
    try {
      Response response = chain.proceed(chain.request());
      if (!body.decide()) {
        response.close();
        throw new IOException("the server has answered just too late");
      }
      return response;
    } finally {
      wait.exit();
    }
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
