package io.dragonfly.transport.http.internal.server;

import io.dragonfly.control.Outcome;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.peer.PeerId;
import io.dragonfly.spi.AdaptiveQuantum;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.PieceService;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.TaskId;
import io.dragonfly.transport.http.internal.tls.Role;
import io.dragonfly.transport.http.internal.wire.PieceWire;
import io.dragonfly.transport.http.internal.wire.Wire;
import io.dragonfly.transport.http.internal.wire.WireException;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.EOFException;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A request for the bytes of a piece: waits for the piece service, then sends the bytes from the
 * file in portions, each as the limiter lets it. Confined to its connection's event loop.
 */
final class PieceExchange implements ServerExchange {
  private static final Logger LOG = LoggerFactory.getLogger(PieceExchange.class);

  /** A pause is checked this often. It ends early if others leave more or the limit is raised. */
  private static final long LOOK_NANOS = Duration.ofMillis(100).toNanos();

  private final ServerConnection connection;
  private final Channel channel;
  private final PieceService pieces;
  private final AdaptiveQuantum portion;
  private final PieceService.Ask ask;
  private @Nullable CompletableFuture<PieceService.Given> asked;
  private @Nullable PieceRegion region;
  private @Nullable SharedFileRegion run;
  private long sent;

  /** Bytes are on their way of which it is not seen how far they got. */
  private boolean copied;

  private boolean abandoned;

  PieceExchange(ServerConnection connection, Serving serving, TaskId task, HttpRequest request)
      throws ServerRefusal {
    connection.require(Role.PEER);
    this.connection = connection;
    this.channel = connection.channel();
    this.pieces = serving.request().pieces();
    this.portion = serving.uploadPortion();
    RequestHead.checkMethod(request, HttpMethod.GET);
    if (RequestHead.bodyLength(request) > 0) {
      throw ServerRefusal.badRequest("a GET has no body here");
    }
    this.ask =
        new PieceService.Ask(
            task,
            range(request),
            child(request),
            connection.client(),
            RequestHead.header(request, Wire.CAPABILITY).orElse(""));
  }

  private static ByteRange range(HttpRequest request) throws ServerRefusal {
    Optional<String> range = RequestHead.header(request, HttpHeaderNames.RANGE.toString());
    if (range.isEmpty()) {
      throw ServerRefusal.badRequest("ask for a Range of bytes");
    }
    try {
      return PieceWire.parseRange(range.get());
    } catch (WireException e) {
      throw ServerRefusal.badRequest(e.getMessage());
    }
  }

  private static PeerId child(HttpRequest request) throws ServerRefusal {
    try {
      return new PeerId(RequestHead.header(request, Wire.TAKER).orElse(""));
    } catch (IllegalArgumentException e) {
      throw ServerRefusal.badRequest(Wire.TAKER + " is not the id of a peer");
    }
  }

  @Override
  public void content(ByteBuf part) {
    // The request says that it has none.
  }

  @Override
  public void requested() {
    try {
      asked = pieces.give(ask);
    } catch (RuntimeException e) {
      asked = CompletableFuture.failedFuture(e);
    }
    Continuations.whenDone(asked, this::onLoop);
  }

  private void onLoop(PieceService.@Nullable Given given, @Nullable Throwable failure) {
    if (channel.eventLoop().inEventLoop()) {
      receive(given, failure);
      return;
    }
    try {
      channel.eventLoop().execute(() -> receive(given, failure));
    } catch (RejectedExecutionException e) {
      // The transport was closed, and with it this connection: nobody waits for the bytes.
      close(given);
    }
  }

  private void receive(PieceService.@Nullable Given given, @Nullable Throwable failure) {
    if (abandoned) {
      close(given);
    } else if (given == null) {
      refuse(failure);
    } else if (given.region().length() != ask.range().length()) {
      close(given);
      refuse(new IllegalStateException("the piece service gave another range"));
    } else {
      region = given.region();
      sendHead(new PieceWire.ContentRange(ask.range(), given.total()));
      sendNext();
    }
  }

  private static void close(PieceService.@Nullable Given given) {
    if (given != null) {
      given.region().close();
    }
  }

  private void refuse(@Nullable Throwable failure) {
    if (failure instanceof PieceDownloadException answer) {
      HttpResponseStatus status =
          answer.outcome() == Outcome.NOT_YET
              ? HttpResponseStatus.SERVICE_UNAVAILABLE
              : HttpResponseStatus.FORBIDDEN;
      connection.refuse(status, String.valueOf(answer.getMessage()));
    } else {
      LOG.warn(
          "{} of task {} cannot be given to {}: {}",
          ask.range(),
          ask.task().brief(),
          ask.child().brief(),
          String.valueOf(failure));
      LOG.debug("where giving a piece failed", failure);
      connection.refuse(HttpResponseStatus.INTERNAL_SERVER_ERROR, "the piece cannot be given");
    }
  }

  private void sendHead(PieceWire.ContentRange range) {
    HttpResponse head =
        new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.PARTIAL_CONTENT);
    head.headers().set(HttpHeaderNames.CONTENT_LENGTH, ask.range().length());
    head.headers().set(HttpHeaderNames.CONTENT_RANGE, range.toString());
    connection.prepare(head);
    var unused = channel.write(head); // if it fails, so does what follows
  }

  /** Takes the next run's bytes from the limiter, and sends them when it lets it. */
  private void sendNext() {
    int bytes = (int) Math.min(portion.bytes(), ask.range().length() - sent);
    long pause = pieces.uploads().take(bytes);
    portion.paused(pause);
    if (pause <= 0) {
      send(bytes);
    } else {
      channel.flush();
      sendAfter(pause, bytes, System.nanoTime() + pause);
    }
  }

  private void sendAfter(long pause, int bytes, long end) {
    var unused =
        channel
            .eventLoop()
            .schedule(
                () -> sendIfDue(bytes, end), Math.min(pause, LOOK_NANOS), TimeUnit.NANOSECONDS);
  }

  private void sendIfDue(int bytes, long end) {
    if (abandoned) {
      return;
    }
    long left = Math.min(end - System.nanoTime(), pieces.uploads().take(0));
    if (left <= 0) {
      send(bytes);
    } else {
      sendAfter(left, bytes, end);
    }
  }

  private void send(int bytes) {
    if (abandoned || region == null) {
      return;
    }
    boolean copies = connection.encrypts() || region.isInMemory();
    ChannelFuture written = copies ? write(region, bytes) : transfer(region, bytes);
    if (sent + bytes == ask.range().length() && written.cause() == null) {
      written = channel.write(LastHttpContent.EMPTY_LAST_CONTENT);
    }
    channel.flush();
    written.addListener((ChannelFuture done) -> sent(bytes, done));
  }

  private ChannelFuture transfer(PieceRegion from, int bytes) {
    SharedFileRegion next = new SharedFileRegion(from.channel(), from.position() + sent, bytes);
    run = next;
    return channel.write(next);
  }

  /** What is encrypted, or is in no file, must be copied first. */
  private ChannelFuture write(PieceRegion from, int bytes) {
    ByteBuf data = channel.alloc().buffer(bytes);
    try {
      long position = from.position() + sent;
      while (data.writableBytes() > 0 && data.readableBytes() < bytes) {
        int left = bytes - data.readableBytes();
        if (data.writeBytes(from.channel(), position + data.readableBytes(), left) < 0) {
          throw new EOFException("the file has become shorter");
        }
      }
    } catch (IOException e) {
      data.release();
      return channel.newFailedFuture(e);
    }
    copied = true;
    return channel.write(data);
  }

  private void sent(int bytes, ChannelFuture done) {
    sent += bytes;
    run = null;
    copied = false;
    if (abandoned) {
      return;
    }
    if (!done.isSuccess() || sent == ask.range().length()) {
      connection.answered(done);
    } else {
      sendNext();
    }
  }

  @Override
  public void abandon() {
    abandoned = true;
    if (asked != null) {
      asked.cancel(false);
    }
    if (region != null) {
      region.close();
    }
  }

  @Override
  public long progress() {
    if (copied) {
      return sent;
    }
    return run == null ? NOTHING_TO_SEND : sent + run.transferred();
  }
}
