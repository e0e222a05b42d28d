package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.transport.http.internal.reach.AddressGuard;
import io.dragonfly.transport.http.internal.reach.SourceProxy;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.ssl.SslContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import okhttp3.HttpUrl;
import okhttp3.Request;
import okhttp3.Response;

/**
 * Opens what CONNECT asks for: a blind tunnel, or one whose TLS ends here. Either is answered only
 * when the other side is there. Used by one thread.
 */
final class TunnelOpening {
  private static final byte[] CONNECTED =
      "HTTP/1.1 200 Connection established\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final Duration CONNECT = Duration.ofSeconds(10);

  private final ProxyParts parts;
  private final SocketChannel client;
  private final boolean local;
  private final Authority authority;

  TunnelOpening(ProxyParts parts, SocketChannel client, boolean local, Authority authority) {
    this.parts = parts;
    this.client = client;
    this.local = local;
    this.authority = authority;
  }

  /**
   * Opens it.
   *
   * @param via the request's headers of this name
   * @return whether it is a blind one: then its bytes are none of our business any more
   * @throws Refusal if it cannot be opened, or must not be
   */
  boolean open(List<String> via) throws Refusal {
    boolean isLoop =
        parts.plain().isFromHere(via) || parts.own().contains(authority.host(), authority.port());
    if (isLoop) {
      throw Refusal.loop(authority.toString());
    }
    if (parts.routing().isBlocked(authority)) {
      throw Refusal.forbidden("a rule of this proxy blocks " + authority);
    }
    boolean isBlind = !parts.routing().isIntercepted(authority);
    if (isBlind) {
      openBlind();
    } else {
      intercept();
    }
    return isBlind;
  }

  /** The certificate of the other side must be good before a client is shown one of ours. */
  private void intercept() throws Refusal {
    try {
      if (!parts.verified().contains(authority)) {
        askOnce();
        parts.verified().add(authority);
      }
      becomeServer(parts.certificates().orElseThrow().of(authority.host()));
    } catch (AddressGuard.RefusedException e) {
      throw Refusal.forbidden("this address is not reached on behalf of another machine");
    } catch (IOException e) {
      throw Refusal.badGateway(
          "%s cannot be reached by TLS: %s".formatted(authority, e.getMessage()));
    }
  }

  /** Any answer will do. The connection is kept, and is that of the client's first request. */
  private void askOnce() throws IOException {
    HttpUrl url = HttpUrl.get("https://" + authority + "/");
    Target target =
        new Target(url, parts.hosts().trust(url.host(), url.port()), Optional.empty(), !local);
    Request question =
        new Request.Builder()
            .url(url)
            .head()
            .header("User-Agent", PlainWay.USER_AGENT)
            .header("Accept-Encoding", "identity")
            .build();
    try (Response response = parts.calls().create(target, question).execute()) {
      response.code();
    }
  }

  private void becomeServer(SslContext tls) {
    client
        .eventLoop()
        .execute(
            () -> {
              sayConnected();
              client.pipeline().replace(HttpServerCodec.class, null, ProxyServer.codec());
              client.pipeline().addFirst(tls.newHandler(client.alloc()));
            });
  }

  /** Past the codec, which knows no answer without a request. */
  private void sayConnected() {
    var unused = client.pipeline().firstContext().writeAndFlush(Unpooled.wrappedBuffer(CONNECTED));
  }

  private void openBlind() throws Refusal {
    Optional<SourceProxy> proxy = parts.calls().proxyFor(HttpUrl.get("https://" + authority + "/"));
    if (proxy.isEmpty()) {
      relay(
          connect(address(authority.host(), authority.port()), new ChannelInboundHandlerAdapter()));
      return;
    }
    FartherProxy farther = new FartherProxy(proxy.get(), authority);
    Channel channel = connect(farther(proxy.get()), farther);
    try {
      farther.opened().get(CONNECT.toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException | TimeoutException e) {
      var unused = channel.close();
      throw Refusal.badGateway(
          "the proxy %s opens no tunnel to %s: %s".formatted(proxy.get(), authority, reason(e)));
    } catch (InterruptedException e) {
      var unused = channel.close();
      Thread.currentThread().interrupt();
      throw Refusal.badGateway("the proxy ends");
    }
    relay(channel);
  }

  private static String reason(Exception e) {
    return e.getCause() == null ? "no answer in time" : String.valueOf(e.getCause().getMessage());
  }

  /** The farther proxy looks up the address itself: the name is all that can be looked at. */
  private InetSocketAddress farther(SourceProxy proxy) throws Refusal {
    try {
      if (!local) {
        AddressGuard.checkName(authority.host());
      }
      InetAddress address = InetAddress.getByName(proxy.host());
      InetSocketAddress full = new InetSocketAddress(address, proxy.port());
      if (parts.own().contains(full)) {
        throw Refusal.loop("HTTPS_PROXY");
      }
      return full;
    } catch (AddressGuard.RefusedException e) {
      throw Refusal.forbidden("this address is not reached on behalf of another machine");
    } catch (IOException e) {
      throw Refusal.badGateway("the proxy %s cannot be asked".formatted(proxy));
    }
  }

  private InetSocketAddress address(String host, int port) throws Refusal {
    try {
      for (InetAddress address : InetAddress.getAllByName(host)) {
        if (!local) {
          AddressGuard.check(address);
        }
      }
      InetSocketAddress first = new InetSocketAddress(InetAddress.getByName(host), port);
      if (parts.own().contains(first)) {
        throw Refusal.loop(authority.toString());
      }
      return first;
    } catch (AddressGuard.RefusedException e) {
      throw Refusal.forbidden("this address is not reached on behalf of another machine");
    } catch (IOException e) {
      throw Refusal.badGateway("the host %s is not known".formatted(host));
    }
  }

  private Channel connect(InetSocketAddress address, ChannelInboundHandlerAdapter first)
      throws Refusal {
    ChannelFuture connected =
        new Bootstrap()
            .group(client.eventLoop())
            .channel(client.getClass())
            .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) CONNECT.toMillis())
            .option(ChannelOption.TCP_NODELAY, true)
            .option(ChannelOption.AUTO_READ, false)
            .option(ChannelOption.ALLOCATOR, client.alloc())
            .handler(first)
            .connect(address);
    boolean inTime = connected.awaitUninterruptibly(CONNECT.toMillis() + 1000);
    if (!inTime || !connected.isSuccess()) {
      connected.cancel(false);
      throw Refusal.badGateway("%s cannot be reached".formatted(authority));
    }
    parts.channels().add(connected.channel());
    return connected.channel();
  }

  private void relay(Channel server) {
    parts.counters().tunnels.increment();
    client
        .eventLoop()
        .execute(
            () -> {
              Relay.Activity activity =
                  new Relay.Activity(client, server, parts.limits(), parts.nanoClock());
              sayConnected();
              client.pipeline().remove(HttpServerCodec.class);
              client.pipeline().addFirst(new Relay(server, activity));
              server.pipeline().addFirst(new Relay(client, activity));
              client.config().setAutoRead(true);
              server.config().setAutoRead(true);
              if (!client.isActive()) {
                var unused = server.close();
              } else if (!server.isActive()) {
                var unused = client.close();
              }
            });
  }
}
