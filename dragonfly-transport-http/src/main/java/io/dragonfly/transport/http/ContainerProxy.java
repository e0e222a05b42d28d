package io.dragonfly.transport.http;

import io.dragonfly.control.SecurityEvent;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchStream;
import io.dragonfly.transport.http.internal.proxy.Certificates;
import io.dragonfly.transport.http.internal.proxy.ProxyLimits;
import io.dragonfly.transport.http.internal.proxy.ProxyServer;
import io.dragonfly.transport.http.proxy.ProxyConfig;
import io.dragonfly.transport.http.proxy.ProxyCounts;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongUnaryOperator;

/**
 * Brings images to container engines through the swarm, without any change to the engine: a mirror
 * of registries and an HTTP proxy on one port. It is given what streams contents, which is {@code
 * DistributionClient::stream}; that client stays its owner's and must outlive the proxy. Safe for
 * concurrent use.
 *
 * <pre>{@code
 * try (var client = new DistributionClient(config);
 *     var proxy =
 *         ContainerProxy.start(
 *             ProxyConfig.builder().build(), client::stream, client::countDownload)) {
 *   // engines pull through 127.0.0.1:65001
 * }
 * }</pre>
 */
public final class ContainerProxy implements AutoCloseable {
  private final ProxyServer server;

  private ContainerProxy(ProxyServer server) {
    this.server = server;
  }

  /**
   * Starts a proxy whose direct downloads have no limit; it can be used when this returns.
   *
   * @param streams opens a content for reading and returns at once
   * @throws IOException if an address cannot be listened on, or the CA cannot be read or made
   */
  public static ContainerProxy start(
      ProxyConfig config, Function<FetchRequest, FetchStream> streams) throws IOException {
    return start(config, streams, bytes -> 0, event -> {});
  }

  /**
   * Starts a proxy; it can be used when this returns.
   *
   * @param streams opens a content for reading and returns at once
   * @param limit counts bytes that are downloaded directly and returns nanoseconds to pause before
   *     the next ones: {@code DistributionClient::countDownload}, so that the limits of the client
   *     hold for them, too
   * @throws IOException if an address cannot be listened on, or the CA cannot be read or made
   */
  public static ContainerProxy start(
      ProxyConfig config, Function<FetchRequest, FetchStream> streams, LongUnaryOperator limit)
      throws IOException {
    return start(config, streams, limit, event -> {});
  }

  /**
   * The same with somebody who is told of what the proxy refuses.
   *
   * @param security is told of refusals that matter for security, on the proxy's threads: {@code
   *     DistributionClient::securityEvent}, so that they are in the client's audit log and metrics
   * @throws IOException if an address cannot be listened on, or the CA cannot be read or made
   */
  public static ContainerProxy start(
      ProxyConfig config,
      Function<FetchRequest, FetchStream> streams,
      LongUnaryOperator limit,
      Consumer<SecurityEvent> security)
      throws IOException {
    ProxyServer.Peer peer = new ProxyServer.Peer(streams, limit, security);
    return new ContainerProxy(ProxyServer.start(config, ProxyLimits.DEFAULT, peer));
  }

  /**
   * Returns the certificate in PEM that clients must trust whose TLS is intercepted. A CA that was
   * made here lives a year; in its last 60 days the certificate of the next one follows, which
   * signs 30 days after it was made.
   *
   * @param caFile the file of {@link ProxyConfig.Builder#caFile}; made if it is not there
   * @throws IOException if the file cannot be read or made
   */
  public static String caCertificate(Path caFile) throws IOException {
    return Certificates.open(caFile, InstantSource.system()).pem();
  }

  /** Returns where it listens, with the port that the system chose. */
  public InetSocketAddress address() {
    return Objects.requireNonNull(server.addresses().get(""));
  }

  /** Returns where an upstream is mirrored on a port of its own, if it is. */
  public Optional<InetSocketAddress> address(String upstream) {
    return Optional.ofNullable(server.addresses().get(upstream));
  }

  /** Returns what it has done so far. */
  public ProxyCounts counts() {
    return server.counts();
  }

  /**
   * Prepares for {@link #close}: stops to listen at once, so that another process can take the
   * port, and waits until the answers that run have ended. Idle connections end, and the others
   * after their answer. Blocks the caller; an interrupt ends the wait and is kept.
   *
   * @param most how long to wait; zero does not
   * @return how many answers and tunnels still run
   */
  public int drain(Duration most) {
    return server.drain(most);
  }

  /**
   * Stops to listen, ends running answers early, and waits until no thread or socket is left. Safe
   * to call twice.
   */
  @Override
  public void close() {
    server.close();
  }
}
