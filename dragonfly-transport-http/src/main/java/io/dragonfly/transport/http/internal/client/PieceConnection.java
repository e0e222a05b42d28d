package io.dragonfly.transport.http.internal.client;

import io.dragonfly.control.Outcome;
import io.dragonfly.spi.AdaptiveQuantum;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.transport.http.internal.tls.UntrustedException;
import io.dragonfly.transport.http.internal.wire.PieceWire;
import io.dragonfly.transport.http.internal.wire.Wire;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslContext;
import io.netty.util.NetUtil;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection to a parent: one take at a time, or none while it is kept for the next. Whatever is
 * not as it should be closes it. Confined to its event loop; the methods that others call go there.
 */
final class PieceConnection extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(PieceConnection.class);

  /** Half of what a server grants, so that it is seldom closed just as it is used again. */
  private static final Duration IDLE = Duration.ofSeconds(30);

  private static final Duration CHECK_EVERY = Duration.ofSeconds(5);

  private final PieceConnections connections;
  private final PieceConnections.Line line;
  private final AdaptiveQuantum portion;
  private final Channel channel;
  private final ReceiveFlow flow;
  private final Optional<SslContext> protection;
  private final LongSupplier nanos;
  private final Future<?> watch;
  private @Nullable HttpPieceDownload current;
  private @Nullable PieceDownloadException refusal;
  private boolean used;
  private boolean answerBegun;
  private boolean keepAlive;
  private long received;
  private boolean paused;
  private long pausedSince;
  private long idleSince;

  PieceConnection(
      PieceConnections connections,
      PieceConnections.Line line,
      AdaptiveQuantum portion,
      Channel channel,
      ReceiveFlow flow,
      Optional<SslContext> protection) {
    this.connections = connections;
    this.line = line;
    this.portion = portion;
    this.channel = channel;
    this.flow = flow;
    this.protection = protection;
    this.nanos = connections.nanos();
    this.idleSince = nanos.getAsLong();
    this.watch =
        channel
            .eventLoop()
            .scheduleWithFixedDelay(
                this::closeIfIdle,
                CHECK_EVERY.toNanos(),
                CHECK_EVERY.toNanos(),
                TimeUnit.NANOSECONDS);
  }

  PieceConnections.Line line() {
    return line;
  }

  /** Tells whether it was made with this, or plain if that is empty. */
  boolean isProtectedBy(Optional<SslContext> now) {
    return protection.equals(now);
  }

  /** Starts a take; if the take is over, the connection is given back. */
  void start(HttpPieceDownload take) {
    onLoop(
        () -> {
          if (!channel.isActive()) {
            connections.place(take); // it was closed while nobody used it
          } else if (take.attach(this)) {
            current = take;
            ask(take);
          } else {
            connections.release(this);
          }
        });
  }

  /** The take's wish to read has changed. */
  void adjustReading(HttpPieceDownload take) {
    onLoop(
        () -> {
          if (current == take) {
            learn(take.isPaused());
            channel.config().setAutoRead(!take.isPaused());
          }
        });
  }

  /** How long a take pauses tells how much to read at once. */
  private void learn(boolean pausedNow) {
    if (pausedNow && !paused) {
      pausedSince = nanos.getAsLong();
    } else if (!pausedNow && paused) {
      portion.paused(nanos.getAsLong() - pausedSince);
    }
    paused = pausedNow;
  }

  /** A take was cancelled: what is still to come for it ends the connection. */
  void cancel(HttpPieceDownload take) {
    onLoop(
        () -> {
          if (current == take) {
            leave(true);
          }
        });
  }

  /** Ends a take that is on this connection. */
  void end(HttpPieceDownload take, PieceDownloadException failure) {
    onLoop(
        () -> {
          if (current == take) {
            fail(failure, true);
          }
        });
  }

  /** Closes the connection; {@link #channelInactive} sees to the rest. */
  void close() {
    var unused = channel.close();
  }

  private void onLoop(Runnable task) {
    if (channel.eventLoop().inEventLoop()) {
      task.run();
      return;
    }
    try {
      channel.eventLoop().execute(task);
    } catch (RejectedExecutionException e) {
      LOG.debug("a take outlived its transport"); // which has told it so, before its loops ended
    }
  }

  private void ask(HttpPieceDownload take) {
    answerBegun = false;
    paused = false;
    refusal = null;
    received = 0;
    flow.asked(nanos.getAsLong());
    try {
      FullHttpRequest probe = probe(take.request());
      channel.config().setAutoRead(!take.isPaused());
      var unused = channel.writeAndFlush(probe); // if it fails, the channel becomes inactive
    } catch (IllegalArgumentException e) {
      fail(new PieceDownloadException(Outcome.REFUSED, "the capability cannot be sent", e), false);
    }
  }

  private static FullHttpRequest probe(PieceRequest request) {
    FullHttpRequest probe =
        new DefaultFullHttpRequest(
            HttpVersion.HTTP_1_1,
            HttpMethod.GET,
            PieceWire.path(request.task()),
            Unpooled.EMPTY_BUFFER);
    probe
        .headers()
        .set(HttpHeaderNames.HOST, NetUtil.toSocketAddressString(request.parent().address()))
        .set(HttpHeaderNames.RANGE, PieceWire.range(request.range()))
        .set(Wire.TAKER, request.child().hex())
        .set(Wire.CAPABILITY, request.capability());
    return probe;
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    try {
      HttpPieceDownload take = current;
      if (take == null) {
        close(); // nobody asked, or nobody wants it any more
        return;
      }
      if (message instanceof HttpResponse response) {
        begin(response, take);
      }
      if (message instanceof HttpContent content && current == take) {
        receive(content.content(), take);
      }
      if (message instanceof LastHttpContent last && current == take) {
        finish(last, take);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void begin(HttpResponse response, HttpPieceDownload take) {
    answerBegun = true;
    keepAlive = HttpUtil.isKeepAlive(response);
    Optional<PieceDownloadException> wrong = PieceResponse.refusal(response, take.request());
    if (wrong.isPresent() && PieceResponse.isShortRefusal(response)) {
      refusal = wrong.get(); // told when its body is out of the way
    } else if (wrong.isPresent()) {
      fail(wrong.get(), true);
    }
  }

  private void receive(ByteBuf content, HttpPieceDownload take) {
    if (refusal != null || !content.isReadable()) {
      return;
    }
    int bytes = content.readableBytes();
    received += bytes;
    long left = take.request().range().length() - received;
    if (left < 0) {
      fail(new PieceDownloadException(Outcome.REFUSED, "the parent sends too much"), true);
      return;
    }
    for (ByteBuffer data : content.nioBuffers()) {
      if (take.isOn(this) && !take.receive(data)) {
        fail(new PieceDownloadException(Outcome.UNREACHABLE, "the receiver failed"), true);
      }
    }
    if (!take.isPaused()) {
      portion.paused(0);
    }
    flow.received(nanos.getAsLong(), bytes, left, portion.bytes());
  }

  private void finish(LastHttpContent last, HttpPieceDownload take) {
    if (last.decoderResult().isFailure()) {
      fail(new PieceDownloadException(Outcome.REFUSED, "the parent's answer is no HTTP"), true);
    } else if (refusal != null) {
      fail(refusal, !keepAlive);
    } else {
      leave(!keepAlive || flow.isTooSmall());
      take.complete(this);
    }
  }

  private void fail(PieceDownloadException failure, boolean close) {
    HttpPieceDownload take = leave(close);
    if (take != null) {
      take.failOn(this, failure);
    }
  }

  /** Ends the current take's time here. The next one may start before this one's sink is told. */
  private @Nullable HttpPieceDownload leave(boolean close) {
    HttpPieceDownload take = current;
    current = null;
    used = true;
    if (close) {
      close();
    } else {
      idleSince = nanos.getAsLong();
      channel.config().setAutoRead(true);
      connections.release(this);
    }
    return take;
  }

  private void closeIfIdle() {
    if (current == null && nanos.getAsLong() - idleSince > IDLE.toNanos()) {
      close();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    watch.cancel(false);
    HttpPieceDownload take = current;
    current = null;
    connections.closed(this);
    if (take == null) {
      return;
    }
    if (used && !answerBegun && take.detach(this)) {
      // The parent closed the kept connection before it saw the question.
      connections.placeAnew(take, line);
    } else {
      take.failOn(
          this,
          new PieceDownloadException(Outcome.UNREACHABLE, "the parent closed the connection"));
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    LOG.debug("connection to {} broke: {}", channel.remoteAddress(), cause.toString());
    Optional<String> untrusted = UntrustedException.reason(cause);
    if (untrusted.isPresent()) {
      fail(new PieceDownloadException(Outcome.UNREACHABLE, untrusted.get()), true);
    } else {
      close();
    }
  }
}
