package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.control.SecurityEvent;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.socket.SocketChannel;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection. It looks at one request at a time: IDLE until the first byte of a
 * request, HEAD until its head is whole, WORKING until the answer is written, and IDLE again; or
 * SENDING until the client has got it all, and CLOSING, when it only waits for the client to close.
 * After CONNECT it is CONNECTING until the other side is there; what the client sends meanwhile is
 * not decoded, and kept. Then it is IDLE if the tunnel is intercepted, and else TUNNEL: none of our
 * business any more. Requests that are sent ahead wait in line, and then nothing more is read.
 * Confined to its event loop.
 */
final class ProxyConnection extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(ProxyConnection.class);

  private final ProxyParts parts;
  private final SocketChannel channel;
  private final Deque<Object> waiting = new ArrayDeque<>();
  private final Future<?> watch;
  private RequestOrigin arrival;
  private State state = State.IDLE;
  private @Nullable Inbound body;
  private @Nullable ProxyResponse answer;
  private boolean draining;
  private long since;

  /** The event of a proxy that ends, once the answers that run have ended. */
  enum ProxyEnds {
    NOW
  }

  private enum State {
    IDLE(false),
    HEAD(true),
    WORKING(true),
    SENDING(true),
    CONNECTING(true),
    CLOSING(false),
    TUNNEL(false);

    /** Whether a proxy that ends waits for it; what a tunnel does is told by its relay. */
    private final boolean isWork;

    State(boolean isWork) {
      this.isWork = isWork;
    }
  }

  ProxyConnection(ProxyParts parts, SocketChannel channel, RequestOrigin arrival) {
    this.parts = parts;
    this.channel = channel;
    this.arrival = arrival;
    this.since = parts.nanoClock().getAsLong();
    long every = parts.limits().checkEvery().toNanos();
    this.watch =
        channel.eventLoop().scheduleWithFixedDelay(this::check, every, every, TimeUnit.NANOSECONDS);
  }

  /** A trusted proxy says for whom it has connected. */
  void comesBy(RequestOrigin named) {
    arrival = named;
  }

  /** Bytes came, of whatever. Called before they are decoded. */
  void bytesCame() {
    if (state == State.IDLE) {
      enter(State.HEAD);
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    boolean isOfBody = body != null && !body.hasEnded() && !(message instanceof HttpRequest);
    if (state == State.SENDING || state == State.CLOSING || state == State.TUNNEL) {
      ReferenceCountUtil.release(message);
    } else if (state == State.CONNECTING) {
      behindConnect(message);
    } else if (state == State.WORKING && !isOfBody) {
      waiting.add(message);
      updateReading();
    } else {
      accept(message);
    }
  }

  private void accept(Object message) {
    if (message instanceof HttpRequest request) {
      begin(request);
    }
    Inbound to = body;
    if (message instanceof HttpContent content && to != null) {
      to.add(content.content().retain());
      if (message instanceof LastHttpContent) {
        to.end();
      }
      updateReading();
    }
    ReferenceCountUtil.release(message);
  }

  private void begin(HttpRequest request) {
    try {
      RequestChecks.checkHead(request);
      if (request.method().equals(HttpMethod.CONNECT)) {
        connect(request);
      } else {
        if (arrival.intercepted().isEmpty()) {
          RequestChecks.checkName(request, parts.hosts(), channel.localAddress().getAddress());
        }
        work(request);
      }
    } catch (ProxyRefusal refusal) {
      parts.refused(refusal, arrival, asked(request));
      refuse(refusal);
    } catch (RejectedExecutionException e) {
      refuse(new ProxyRefusal(HttpResponseStatus.SERVICE_UNAVAILABLE, "too many requests at once"));
    }
  }

  /** Returns what a request is about: the name of a host that is refused is the point of it. */
  private static String asked(HttpRequest request) {
    String host = request.headers().get(HttpHeaderNames.HOST, "");
    return "%s %s Host %s"
        .formatted(request.method(), SecurityEvent.place(request.uri()), SecurityEvent.place(host));
  }

  private void work(HttpRequest request) {
    boolean isHttp10 = request.protocolVersion().equals(HttpVersion.HTTP_1_0);
    Inbound from = inbound(request);
    boolean keepAlive = HttpUtil.isKeepAlive(request) && !parts.work().isEnding();
    ProxyResponse to =
        new ProxyResponse(channel, parts.limits().send(), isHttp10, keepAlive, from::isHeldBack);
    answer = to;
    body = from;
    enter(State.WORKING);
    ClientRequest client =
        new ClientRequest(
            request.method().name(), request.headers(), from, arrival.requester(), to);
    ProxyExchange exchange = new ProxyExchange(parts, client, request.uri(), arrival);
    parts
        .threads()
        .execute(
            () -> {
              try {
                exchange.run();
              } finally {
                onLoop(() -> answered(to));
              }
            });
  }

  private Inbound inbound(HttpRequest request) {
    boolean isChunked = HttpUtil.isTransferEncodingChunked(request);
    long length = isChunked ? -1 : HttpUtil.getContentLength(request, 0L);
    boolean expects = length != 0 && HttpUtil.is100ContinueExpected(request);
    // Whoever reads the body asks for it in its own way, and the client is told then.
    request.headers().remove(HttpHeaderNames.EXPECT);
    return new Inbound(
        length < 0 ? OptionalLong.empty() : OptionalLong.of(length),
        expects,
        () -> {
          if (expects) {
            var unused =
                channel.writeAndFlush(
                    new DefaultFullHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.CONTINUE));
          }
        },
        () -> onLoop(this::updateReading));
  }

  private void onLoop(Runnable task) {
    try {
      channel.eventLoop().execute(task);
    } catch (RejectedExecutionException e) {
      LOG.debug("a request ended after the proxy was closed");
    }
  }

  private void updateReading() {
    if (state == State.CONNECTING || state == State.TUNNEL) {
      return; // read when the tunnel is there, and then as its other side permits
    }
    boolean isFull = body != null && body.isFull();
    channel.config().setAutoRead(waiting.isEmpty() && !isFull);
  }

  /** The work on a request is over: goes on with the next one, if there may be one. */
  private void answered(ProxyResponse done) {
    boolean isWhole = body == null || body.hasEnded();
    if (body != null) {
      body.close();
    }
    body = null;
    answer = null;
    if (!channel.isActive()) {
      return;
    }
    if (!done.isEnded()) {
      close();
    } else if (!done.keepAlive() || !isWhole || parts.work().isEnding()) {
      endWhenSent();
    } else {
      enter(State.IDLE);
      drain();
    }
  }

  private void drain() {
    if (draining) {
      return;
    }
    draining = true;
    while (!waiting.isEmpty()
        && state != State.SENDING
        && state != State.CLOSING
        && (state != State.WORKING || !(waiting.peek() instanceof HttpRequest))
        && !(waiting.peek() instanceof ByteBuf)) {
      Object next = waiting.remove();
      if (state == State.CONNECTING) {
        behindConnect(next);
      } else {
        accept(next);
      }
    }
    draining = false;
    updateReading();
  }

  private void connect(HttpRequest request) throws ProxyRefusal {
    Authority authority = RequestChecks.tunnel(request);
    if (arrival.intercepted().isPresent()) {
      throw ProxyRefusal.badRequest("this is a tunnel already");
    }
    enter(State.CONNECTING);
    channel.config().setAutoRead(false);
    TunnelOpening opening = new TunnelOpening(parts, channel, arrival.requester(), authority);
    List<String> via = request.headers().getAll(HttpHeaderNames.VIA);
    parts.threads().execute(() -> open(opening, authority, via));
  }

  private void open(TunnelOpening opening, Authority authority, List<String> via) {
    try {
      TunnelOpening.Opened opened = opening.open(via);
      onLoop(() -> begin(opened, authority));
    } catch (ProxyRefusal refusal) {
      parts.refused(refusal, arrival, "CONNECT " + authority);
      onLoop(() -> refuse(refusal));
    } catch (RuntimeException | Error e) {
      LOG.warn("A tunnel to {} failed in a way that is not foreseen", authority, e);
      onLoop(() -> refuse(ProxyRefusal.defect()));
    }
  }

  /** What follows CONNECT is no HTTP, or that of a tunnel: it must not be decoded here. */
  private void behindConnect(Object message) {
    if (message instanceof ByteBuf) {
      waiting.add(message);
      return;
    }
    ReferenceCountUtil.release(message);
    if (message instanceof HttpRequest) {
      refuse(ProxyRefusal.badRequest("wait for the answers to other requests before CONNECT"));
    } else if (message instanceof LastHttpContent) {
      // The codec hands on what it has not decoded, which comes here as bytes.
      channel.pipeline().remove(HttpServerCodec.class);
    }
  }

  private void begin(TunnelOpening.Opened opened, Authority authority) {
    if (state != State.CONNECTING || !channel.isActive()) {
      opened.abandon();
      return;
    }
    List<ByteBuf> early = waiting.stream().map(ByteBuf.class::cast).toList();
    waiting.clear();
    if (opened.isBlind()) {
      // Its relay counts as work before this does not any more: else a proxy might end in between.
      opened.begin().accept(early);
      enter(State.TUNNEL);
      watch.cancel(false);
    } else {
      arrival = arrival.through(authority);
      restoreCodec();
      enter(State.IDLE);
      opened.begin().accept(early);
    }
    updateReading();
  }

  private void restoreCodec() {
    ChannelPipeline pipeline = channel.pipeline();
    if (pipeline.get(HttpServerCodec.class) == null) {
      pipeline.addBefore(pipeline.context(this).name(), null, ProxyServer.codec());
    }
  }

  /** Says why a request is not served, and ends the connection: its body may still be coming. */
  private void refuse(ProxyRefusal refusal) {
    if (!channel.isActive()) {
      return;
    }
    restoreCodec();
    byte[] json = ProxyExchange.body(refusal);
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, refusal.status(), Unpooled.wrappedBuffer(json));
    response.headers().set(ProxyExchange.json());
    response.headers().set(HttpHeaderNames.CONTENT_LENGTH, json.length);
    response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    body = null;
    enter(State.CLOSING);
    channel.writeAndFlush(response).addListener(sent -> linger());
  }

  /** What was written may still wait for a slow client: to end the output would drop it. */
  private void endWhenSent() {
    enter(State.SENDING);
    releaseWaiting();
    channel.config().setAutoRead(true);
    channel
        .writeAndFlush(Unpooled.EMPTY_BUFFER)
        .addListener(
            sent -> {
              if (state == State.SENDING) {
                linger();
              }
            });
  }

  /** A close while bytes still come in would reset the connection before the answer is read. */
  private void linger() {
    enter(State.CLOSING);
    releaseWaiting();
    if (channel.pipeline().get(SslHandler.class) != null) {
      close(); // with TLS's own farewell
      return;
    }
    channel.config().setAutoRead(true);
    var unused = channel.shutdownOutput();
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event == ProxyEnds.NOW) {
      if (state == State.IDLE) {
        endWhenSent();
      } else if (answer != null) {
        answer.endsConnection();
      }
    }
    ctx.fireUserEventTriggered(event);
  }

  private void enter(State next) {
    if (state.isWork != next.isWork) {
      if (next.isWork) {
        parts.work().begin();
      } else {
        parts.work().end();
      }
    }
    state = next;
    since = parts.nanoClock().getAsLong();
  }

  private void check() {
    Duration limit =
        switch (state) {
          case IDLE -> parts.limits().idle();
          case HEAD -> parts.limits().head();
          case SENDING -> parts.limits().send();
          case CLOSING -> ProxyLimits.LINGER;
          case WORKING, CONNECTING, TUNNEL ->
              Duration.ofNanos(Long.MAX_VALUE); // they have limits themselves
        };
    if (parts.nanoClock().getAsLong() - since > limit.toNanos()) {
      LOG.debug("connection of {} is closed: {} for too long", channel.remoteAddress(), state);
      close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    watch.cancel(false);
    enter(State.CLOSING);
    releaseWaiting();
    if (body != null) {
      body.close();
    }
    if (answer != null) {
      answer.gone();
    }
    ctx.fireChannelInactive();
  }

  private void close() {
    var unused = channel.close(); // channelInactive sees to the rest
  }

  private void releaseWaiting() {
    waiting.forEach(ReferenceCountUtil::release);
    waiting.clear();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    if (cause instanceof IOException || cause instanceof DecoderException) {
      LOG.debug("connection of {} broke: {}", channel.remoteAddress(), cause.toString());
    } else {
      LOG.warn("connection of {} is closed after a defect", channel.remoteAddress(), cause);
    }
    close();
  }
}
