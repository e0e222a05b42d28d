package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.ClientConfig;
import io.dragonfly.DistributionClient;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchStream;
import io.dragonfly.spi.Requester;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.proxy.ProxyConfig;
import io.dragonfly.transport.http.proxy.ProxyCounts;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Proxy;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.LongUnaryOperator;
import okhttp3.ConnectionPool;
import okhttp3.Dns;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A proxy with a peer of its own, in front of a registry that is not real. */
@ExtendWith(LeakCheck.class)
abstract class ProxyTest {
  static final int MIB = 1 << 20;

  @TempDir Path dir;
  FakeRegistry registry;
  @Nullable ProxyServer proxy;
  private @Nullable DistributionClient peer;

  /** Counts what comes directly, and says how long to pause. */
  LongUnaryOperator limit = bytes -> 0;

  /** What the proxy has told of refusals. */
  final List<SecurityEvent> events = new CopyOnWriteArrayList<>();

  /** How the proxy finds the addresses of hosts. */
  volatile Dns dns = Dns.SYSTEM;

  /** Where clients are of which {@link #startForOthers} says that they are not here. */
  Requester elsewhere = Requester.PRIVATE_NETWORK;

  private volatile boolean others;
  private final AtomicLong later = new AtomicLong();
  private volatile LongSupplier clock = System::nanoTime;
  private final ConnectionPool pool = new ConnectionPool(5, 1, TimeUnit.MINUTES);
  final OkHttpClient client =
      new OkHttpClient.Builder()
          .connectionPool(pool)
          .followRedirects(false)
          .readTimeout(Duration.ofSeconds(20))
          .build();

  @BeforeEach
  void startRegistry() throws IOException {
    registry = new FakeRegistry();
  }

  @AfterEach
  void stopAll() {
    pool.evictAll();
    client.dispatcher().executorService().shutdown();
    if (proxy != null) {
      proxy.close();
    }
    if (peer != null) {
      peer.close();
    }
    registry.close();
  }

  static ProxyConfig.Builder config() {
    return ProxyConfig.builder()
        .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
        .environment(Map.of());
  }

  /** Starts a proxy with a peer that reads sources itself. */
  ProxyServer start(ProxyConfig.Builder config) throws IOException {
    peer = new DistributionClient(ClientConfig.builder().home(dir.resolve("home")).build());
    return start(config, ProxyLimits.DEFAULT, peer::stream);
  }

  ProxyServer start(
      ProxyConfig.Builder config, ProxyLimits limits, Function<FetchRequest, FetchStream> streams)
      throws IOException {
    ProxyConfig whole = config.registry(URI.create(registry.url(""))).build();
    ProxyServer.Peer whose = new ProxyServer.Peer(streams, limit, events::add);
    proxy =
        ProxyServer.start(
            whole,
            limits,
            whose,
            new ProxyServer.Machine(
                address -> others ? elsewhere : Requester.at(address),
                host -> dns.lookup(host),
                () -> clock.getAsLong() + later.get(),
                () -> Instant.now().plusNanos(later.get())));
    return proxy;
  }

  /** Starts a proxy that takes all its clients for those of other machines. */
  ProxyServer startForOthers(
      ProxyConfig.Builder config, Function<FetchRequest, FetchStream> streams) throws IOException {
    others = true;
    return start(config, ProxyLimits.DEFAULT, streams);
  }

  /** From now on new connections are those of other machines. */
  void comeFromOtherMachines() {
    others = true;
    pool.evictAll();
  }

  /** From now on time passes for the proxy only where {@link #advance} says so. */
  void stopTime() {
    long now = System.nanoTime();
    clock = () -> now;
  }

  /** Lets time pass for the proxy. */
  void advance(Duration time) {
    later.addAndGet(time.toNanos());
  }

  ProxyServer start() throws IOException {
    return start(config());
  }

  /** Checks that a client is sent to the proxy for the token that the registry wants. */
  void assertSentHere(Response refused) {
    assertThat(refused.code()).isEqualTo(401);
    assertThat(refused.header("WWW-Authenticate"))
        .startsWith("Bearer realm=\"" + url("/dfdaemon/token/"))
        .endsWith(registry.challenge.substring(registry.challenge.indexOf("\",service=")));
  }

  /** Returns addresses of this machine that are no loopback addresses; there may be none. */
  static List<InetAddress> ownAddresses() throws IOException {
    return NetworkInterface.networkInterfaces()
        .flatMap(NetworkInterface::inetAddresses)
        .filter(address -> !address.isLoopbackAddress() && address instanceof Inet4Address)
        .toList();
  }

  InetSocketAddress address() {
    return proxy.addresses().get("");
  }

  ProxyCounts counts() {
    return proxy.counts();
  }

  String url(String path) {
    return "http://127.0.0.1:" + address().getPort() + path;
  }

  Response get(String path, String... headers) throws IOException {
    return call(client, new Request.Builder().url(url(path)), headers);
  }

  Response head(String path) throws IOException {
    return client.newCall(new Request.Builder().url(url(path)).head().build()).execute();
  }

  static Response call(OkHttpClient with, Request.Builder request, String... headers)
      throws IOException {
    for (int i = 0; i < headers.length; i += 2) {
      request.addHeader(headers[i], headers[i + 1]);
    }
    return with.newCall(request.build()).execute();
  }

  byte[] body(String path, String... headers) throws IOException {
    try (Response response = get(path, headers)) {
      if (!response.isSuccessful()) {
        throw new IOException("answered " + response.code() + ": " + response.body().string());
      }
      return response.body().bytes();
    }
  }

  /** Returns a client that uses the proxy as its proxy. */
  OkHttpClient proxied() {
    return client.newBuilder().proxy(new Proxy(Proxy.Type.HTTP, address())).build();
  }

  /** Asks for a URL through the proxy. */
  Response through(String url, String... headers) throws IOException {
    return call(proxied(), new Request.Builder().url(url), headers);
  }

  RawConnection connect() throws IOException {
    return RawConnection.to(address());
  }
}
