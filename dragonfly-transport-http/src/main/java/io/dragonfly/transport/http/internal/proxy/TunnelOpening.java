package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.control.SecurityEvent;
import io.dragonfly.spi.Requester;
import io.dragonfly.transport.http.internal.reach.AddressGuard;
import io.dragonfly.transport.http.internal.reach.SourceProxy;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import okhttp3.HttpUrl;
import okhttp3.Request;
import okhttp3.Response;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens what CONNECT asks for: a blind tunnel, or one whose TLS ends here. Either is answered only
 * when the other side is there. Used by one thread.
 */
final class TunnelOpening {
  private static final Logger LOG = LoggerFactory.getLogger(TunnelOpening.class);
  private static final byte[] CONNECTED =
      "HTTP/1.1 200 Connection established\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final Duration CONNECT = Duration.ofSeconds(10);

  private final ProxyParts parts;
  private final SocketChannel client;
  private final Requester reader;
  private final Authority authority;

  /**
   * A tunnel that is not open yet.
   *
   * @param requester where the client is
   */
  TunnelOpening(ProxyParts parts, SocketChannel client, Requester requester, Authority authority) {
    this.parts = parts;
    this.client = client;
    this.reader = requester == Requester.THIS_MACHINE ? Requester.THIS_PROCESS : requester;
    this.authority = authority;
  }

  /**
   * What was opened.
   *
   * @param server the other side of a blind tunnel, whose bytes are none of our business; empty if
   *     the TLS of the client ends here
   * @param begin tells the client, and goes on with the bytes that have come from it since its
   *     request. To be called on the event loop of the client, which must still be there
   */
  record Opened(Optional<SocketChannel> server, Consumer<List<ByteBuf>> begin) {
    boolean isBlind() {
      return server.isPresent();
    }

    /** Closes the other side, where nobody needs it any more. */
    void abandon() {
      if (server.isPresent()) {
        var unused = server.get().close();
      }
    }
  }

  /**
   * Opens it.
   *
   * @param via the request's headers of this name
   * @throws ProxyRefusal if it cannot be opened, or must not be
   */
  Opened open(List<String> via) throws ProxyRefusal {
    boolean isLoop =
        parts.plain().isFromHere(via) || parts.own().contains(authority.host(), authority.port());
    if (isLoop) {
      throw ProxyRefusal.loop(authority.toString());
    }
    if (parts.routing().isBlocked(authority)) {
      throw ProxyRefusal.forbidden("a rule of this proxy blocks " + authority);
    }
    if (parts.routing().isIntercepted(authority)) {
      SslContext tls = intercept();
      return new Opened(Optional.empty(), early -> becomeServer(tls, early));
    }
    SocketChannel server = openBlind();
    parts.counters().tunnels.increment();
    return new Opened(Optional.of(server), early -> relay(server, early));
  }

  /** The certificate of the other side must be good before a client is shown one of ours. */
  private SslContext intercept() throws ProxyRefusal {
    try {
      if (!parts.verified().contains(authority)) {
        askOnce();
        parts.verified().add(authority);
      }
      return parts.certificates().orElseThrow().of(authority.host());
    } catch (AddressGuard.RefusedException e) {
      throw forbidden();
    } catch (IOException e) {
      throw ProxyRefusal.badGateway(
          "%s cannot be reached by TLS: %s".formatted(authority, e.getMessage()));
    }
  }

  /** Any answer will do. The connection is kept, and is that of the client's first request. */
  private void askOnce() throws IOException {
    HttpUrl url = HttpUrl.get("https://" + authority + "/");
    Target target =
        new Target(url, parts.hosts().trust(url.host(), url.port()), Optional.empty(), reader);
    Request probe =
        new Request.Builder()
            .url(url)
            .head()
            .header("User-Agent", DirectUpstream.USER_AGENT)
            .header("Accept-Encoding", "identity")
            .build();
    try (Response response = parts.calls().create(target, probe).execute()) {
      response.code();
    }
  }

  private void becomeServer(SslContext tls, List<ByteBuf> early) {
    sayConnected();
    client.pipeline().addFirst(tls.newHandler(client.alloc()));
    early.forEach(client.pipeline()::fireChannelRead);
    client.pipeline().fireChannelReadComplete();
  }

  private void relay(SocketChannel server, List<ByteBuf> early) {
    sayConnected();
    Relay.between(client, server, early, parts);
  }

  /** Past the codec, which knows no answer without a request. */
  private void sayConnected() {
    var unused = client.pipeline().firstContext().writeAndFlush(Unpooled.wrappedBuffer(CONNECTED));
  }

  private SocketChannel openBlind() throws ProxyRefusal {
    Optional<SourceProxy> proxy = parts.calls().proxyFor(HttpUrl.get("https://" + authority + "/"));
    if (proxy.isEmpty()) {
      return connect(addresses(), ChannelInboundHandlerAdapter::new);
    }
    SocketChannel channel =
        connect(addressesOf(proxy.get()), () -> new UpstreamProxy(proxy.get(), authority));
    try {
      channel
          .pipeline()
          .get(UpstreamProxy.class)
          .opened()
          .get(CONNECT.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException | TimeoutException e) {
      var unused = channel.close();
      throw ProxyRefusal.badGateway(
          "the proxy %s opens no tunnel to %s: %s".formatted(proxy.get(), authority, reason(e)));
    } catch (InterruptedException e) {
      var unused = channel.close();
      throw ended();
    }
    return channel;
  }

  private static ProxyRefusal forbidden() {
    return ProxyRefusal.forbidden("this address is not reached on behalf of another machine")
        .as(SecurityEvent.Kind.SOURCE_ADDRESS_REFUSED);
  }

  private static ProxyRefusal ended() {
    Thread.currentThread().interrupt();
    return ProxyRefusal.badGateway("the proxy ends");
  }

  private static String reason(Exception e) {
    return e.getCause() == null ? "no answer in time" : String.valueOf(e.getCause().getMessage());
  }

  /** The farther proxy looks up the address itself: the name is all that can be looked at. */
  private List<InetSocketAddress> addressesOf(SourceProxy proxy) throws ProxyRefusal {
    try {
      AddressGuard.checkName(authority.host(), reader);
      return lookUp(proxy.host(), proxy.port(), "HTTPS_PROXY", Requester.THIS_PROCESS);
    } catch (AddressGuard.RefusedException e) {
      throw forbidden();
    } catch (IOException e) {
      throw ProxyRefusal.badGateway("the proxy %s cannot be asked".formatted(proxy));
    }
  }

  private List<InetSocketAddress> addresses() throws ProxyRefusal {
    try {
      return lookUp(authority.host(), authority.port(), authority.toString(), reader);
    } catch (AddressGuard.RefusedException e) {
      throw forbidden();
    } catch (IOException e) {
      throw ProxyRefusal.badGateway("the host %s is not known".formatted(authority.host()));
    }
  }

  /**
   * Returns where to connect to: a second look-up might bring addresses that nobody has checked.
   *
   * @param what is said to lead back here, if it does
   * @param reader for whom it is connected to
   */
  private List<InetSocketAddress> lookUp(String host, int port, String what, Requester reader)
      throws IOException, ProxyRefusal {
    List<InetSocketAddress> found = new ArrayList<>();
    for (InetAddress address : parts.calls().lookUp(host)) {
      AddressGuard.check(address, reader);
      InetSocketAddress full = new InetSocketAddress(address, port);
      if (parts.own().contains(full)) {
        throw ProxyRefusal.loop(what);
      }
      found.add(full);
    }
    return found;
  }

  /** Connects to the first address that can be reached; each gets its share of the time. */
  private SocketChannel connect(List<InetSocketAddress> addresses, Supplier<ChannelHandler> first)
      throws ProxyRefusal {
    long end = System.nanoTime() + CONNECT.toNanos();
    int left = addresses.size();
    for (InetSocketAddress address : addresses) {
      long millis = TimeUnit.NANOSECONDS.toMillis((end - System.nanoTime()) / left--);
      Optional<SocketChannel> connected = connect(address, first.get(), Math.max(1, millis));
      if (connected.isPresent()) {
        return connected.get();
      }
    }
    throw ProxyRefusal.badGateway("%s cannot be reached".formatted(authority));
  }

  private Optional<SocketChannel> connect(
      InetSocketAddress address, ChannelHandler first, long millis) throws ProxyRefusal {
    ChannelFuture connected =
        new Bootstrap()
            .group(client.eventLoop())
            .channel(client.getClass())
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) millis)
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.AUTO_READ, false)
            .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
            .option(ChannelOption.ALLOCATOR, client.alloc())
            .handler(first)
            .connect(address);
    try {
      boolean inTime = connected.await(millis + 1000);
      if (!inTime || !connected.isSuccess()) {
        connected.cancel(false);
        LOG.debug("{} cannot be reached at {}", authority, address, connected.cause());
        return Optional.empty();
      }
    } catch (InterruptedException e) {
      connected.cancel(false);
      throw ended();
    }
    parts.channels().add(connected.channel());
    return Optional.of((SocketChannel) connected.channel());
  }
}
