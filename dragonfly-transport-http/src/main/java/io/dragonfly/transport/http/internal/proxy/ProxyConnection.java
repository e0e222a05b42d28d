package io.dragonfly.transport.http.internal.proxy;

import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
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
 * request, HEAD until its head is whole, WORKING until the answer is sent, and IDLE again; or
 * CLOSING, when it only waits for the client to read why, or TUNNEL, when it is none of our
 * business any more. Requests that are sent ahead wait in line, and then nothing more is read.
 * Confined to its event loop.
 */
final class ProxyConnection extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(ProxyConnection.class);

  private final ProxyParts parts;
  private final SocketChannel channel;
  private final Deque<Object> waiting = new ArrayDeque<>();
  private final Future<?> watch;
  private Arrival arrival;
  private State state = State.IDLE;
  private @Nullable Inbound body;
  private @Nullable Answer answer;
  private boolean draining;
  private long since;

  private enum State {
    IDLE,
    HEAD,
    WORKING,
    CLOSING,
    TUNNEL
  }

  ProxyConnection(ProxyParts parts, SocketChannel channel, Arrival arrival) {
    this.parts = parts;
    this.channel = channel;
    this.arrival = arrival;
    this.since = parts.nanoClock().getAsLong();
    long every = parts.limits().checkEvery().toNanos();
    this.watch =
        channel.eventLoop().scheduleWithFixedDelay(this::check, every, every, TimeUnit.NANOSECONDS);
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
    if (state == State.CLOSING || state == State.TUNNEL) {
      ReferenceCountUtil.release(message);
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
      checkHead(request);
      if (request.method().equals(HttpMethod.CONNECT)) {
        connect(request);
      } else {
        work(request);
      }
    } catch (Refusal refusal) {
      parts.counters().refused.increment();
      refuse(refusal);
    } catch (RejectedExecutionException e) {
      refuse(new Refusal(HttpResponseStatus.SERVICE_UNAVAILABLE, "too many requests at once"));
    }
  }

  /** Refuses what is not HTTP/1, and what two readers could take for two different requests. */
  private static void checkHead(HttpRequest request) throws Refusal {
    if (request.decoderResult().isFailure()) {
      throw Refusal.badRequest("this is no valid request, or its head is too long");
    }
    HttpVersion version = request.protocolVersion();
    if (!version.equals(HttpVersion.HTTP_1_1) && !version.equals(HttpVersion.HTTP_1_0)) {
      throw new Refusal(HttpResponseStatus.HTTP_VERSION_NOT_SUPPORTED, "use HTTP/1.1");
    }
    List<String> codings = request.headers().getAll(HttpHeaderNames.TRANSFER_ENCODING);
    boolean isChunked = codings.size() == 1 && codings.get(0).trim().equalsIgnoreCase("chunked");
    if (!codings.isEmpty() && !isChunked) {
      throw new Refusal(HttpResponseStatus.NOT_IMPLEMENTED, "use no coding but chunked");
    }
    int hosts = request.headers().getAll(HttpHeaderNames.HOST).size();
    if (hosts > 1 || (hosts == 0 && version.equals(HttpVersion.HTTP_1_1))) {
      throw Refusal.badRequest("a request has one Host header");
    }
  }

  private void work(HttpRequest request) {
    boolean isHttp10 = request.protocolVersion().equals(HttpVersion.HTTP_1_0);
    Answer to = new Answer(channel, parts.limits().send(), isHttp10, HttpUtil.isKeepAlive(request));
    Inbound from = inbound(request);
    answer = to;
    body = from;
    enter(State.WORKING);
    ClientRequest client =
        new ClientRequest(request.method().name(), request.headers(), from, arrival.local(), to);
    Exchange exchange = new Exchange(parts, client, request.uri(), arrival);
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
    boolean expects = HttpUtil.is100ContinueExpected(request);
    boolean isChunked = HttpUtil.isTransferEncodingChunked(request);
    long length = isChunked ? -1 : HttpUtil.getContentLength(request, 0L);
    // The answer to Expect is ours: the client of the registry would wait for one that never comes.
    request.headers().remove(HttpHeaderNames.EXPECT);
    return new Inbound(
        length < 0 ? OptionalLong.empty() : OptionalLong.of(length),
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
    boolean isFull = body != null && body.isFull();
    channel.config().setAutoRead(waiting.isEmpty() && !isFull);
  }

  /** The work on a request is over: goes on with the next one, if there may be one. */
  private void answered(Answer done) {
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
    } else if (!done.keepAlive() || !isWhole) {
      linger();
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
        && state != State.CLOSING
        && (state != State.WORKING || !(waiting.peek() instanceof HttpRequest))) {
      accept(waiting.remove());
    }
    draining = false;
    updateReading();
  }

  private void connect(HttpRequest request) throws Refusal {
    Authority authority =
        Authority.parse(request.uri(), -1)
            .orElseThrow(() -> Refusal.badRequest("CONNECT names HOST:PORT"));
    if (arrival.intercepted().isPresent()) {
      throw Refusal.badRequest("this is a tunnel already");
    }
    enter(State.WORKING);
    channel.config().setAutoRead(false);
    TunnelOpening opening = new TunnelOpening(parts, channel, arrival.local(), authority);
    List<String> via = request.headers().getAll(HttpHeaderNames.VIA);
    parts
        .threads()
        .execute(
            () -> {
              try {
                if (opening.open(via)) {
                  onLoop(this::becomeTunnel);
                } else {
                  onLoop(() -> becomeIntercepted(authority));
                }
              } catch (Refusal refusal) {
                parts.counters().refused.increment();
                onLoop(() -> refuse(refusal));
              }
            });
  }

  private void becomeTunnel() {
    state = State.TUNNEL;
    watch.cancel(false);
    releaseWaiting();
  }

  private void becomeIntercepted(Authority authority) {
    arrival = arrival.through(authority);
    releaseWaiting(); // the end of CONNECT itself
    enter(State.IDLE);
    updateReading();
  }

  /** Says why a request is not served, and ends the connection: its body may still be coming. */
  private void refuse(Refusal refusal) {
    byte[] json = Exchange.body(refusal);
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1, refusal.status(), Unpooled.wrappedBuffer(json));
    response.headers().set(Exchange.json());
    response.headers().set(HttpHeaderNames.CONTENT_LENGTH, json.length);
    response.headers().set(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
    body = null;
    enter(State.CLOSING);
    channel.writeAndFlush(response).addListener(sent -> linger());
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

  private void enter(State next) {
    state = next;
    since = parts.nanoClock().getAsLong();
  }

  private void check() {
    Duration limit =
        switch (state) {
          case IDLE -> parts.limits().idle();
          case HEAD -> parts.limits().head();
          case CLOSING -> ProxyLimits.LINGER;
          case WORKING, TUNNEL -> Duration.ofNanos(Long.MAX_VALUE); // they have limits themselves
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
