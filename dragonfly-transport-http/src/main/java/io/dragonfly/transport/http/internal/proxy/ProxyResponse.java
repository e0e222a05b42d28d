package io.dragonfly.transport.http.internal.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOption;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The answer to one request, written by the thread that works on it. It waits while the client is
 * slow, so that no more than {@link ProxyLimits#PENDING_BYTES} and a portion are in memory. {@link
 * #gone} and {@link #keepAlive} may be called from any thread.
 */
final class ProxyResponse {
  private final Channel channel;
  private final Duration sendLimit;
  private final boolean http10;
  private final BooleanSupplier bodyHeldBack;
  private final Object lock = new Object();
  private volatile boolean keepAlive;
  private boolean begun;
  private boolean ended;
  private long pending;
  private boolean gone;
  private @Nullable Runnable onGone;

  /**
   * An answer of which nothing has been sent.
   *
   * @param bodyHeldBack tells whether the client may not have sent its request's body, since it
   *     waits to be told: an answer ends the connection then, where the body could still come
   */
  ProxyResponse(
      Channel channel,
      Duration sendLimit,
      boolean http10,
      boolean keepAlive,
      BooleanSupplier bodyHeldBack) {
    this.bodyHeldBack = bodyHeldBack;
    this.channel = channel;
    this.sendLimit = sendLimit;
    this.http10 = http10;
    this.keepAlive = keepAlive;
  }

  boolean keepAlive() {
    return keepAlive;
  }

  /** The connection ends after this answer. */
  void endsConnection() {
    keepAlive = false;
  }

  /** Tells whether the client has been sent something. */
  boolean isBegun() {
    return begun;
  }

  boolean isEnded() {
    return ended;
  }

  ByteBuf buffer(int bytes) {
    return channel.alloc().directBuffer(bytes);
  }

  /**
   * Sends the head.
   *
   * @param length of the body, if it is known; else it is sent in chunks, or ends with the
   *     connection
   */
  void head(HttpResponseStatus status, HttpHeaders headers, OptionalLong length)
      throws ClientGoneException {
    HttpResponse response = new DefaultHttpResponse(HttpVersion.HTTP_1_1, status, headers);
    if (length.isPresent()) {
      response.headers().set(HttpHeaderNames.CONTENT_LENGTH, length.getAsLong());
    } else if (http10) {
      keepAlive = false;
    } else {
      HttpUtil.setTransferEncodingChunked(response, true);
    }
    send(response);
  }

  /** Sends the head of an answer without a body, whatever its headers say about one. */
  void headAlone(HttpResponseStatus status, HttpHeaders headers) throws ClientGoneException {
    send(new DefaultHttpResponse(HttpVersion.HTTP_1_1, status, headers));
    end();
  }

  private void send(HttpResponse response) throws ClientGoneException {
    if (bodyHeldBack.getAsBoolean()) {
      keepAlive = false;
    }
    HttpUtil.setKeepAlive(response.headers(), HttpVersion.HTTP_1_1, keepAlive);
    if (http10 && keepAlive) {
      response.headers().set(HttpHeaderNames.CONNECTION, "keep-alive");
    }
    begun = true;
    write(response, 1);
  }

  /** Sends a part of the body and releases it; waits if too much is on its way already. */
  void body(ByteBuf part) throws ClientGoneException {
    write(new DefaultHttpContent(part), part.readableBytes());
  }

  /** Sends the end of the body. */
  void end() throws ClientGoneException {
    ended = true;
    write(LastHttpContent.EMPTY_LAST_CONTENT, 1);
  }

  /** Sends a whole answer. */
  void whole(HttpResponseStatus status, HttpHeaders headers, byte[] body)
      throws ClientGoneException {
    head(status, headers, OptionalLong.of(body.length));
    body(Unpooled.wrappedBuffer(body));
    end();
  }

  void text(HttpResponseStatus status, HttpHeaders headers, String type, String text)
      throws ClientGoneException {
    headers.set(HttpHeaderNames.CONTENT_TYPE, type);
    whole(status, headers, text.getBytes(UTF_8));
  }

  /** Ends the connection in a way that nobody takes for the end of the body. */
  void abort() {
    keepAlive = false;
    channel
        .eventLoop()
        .execute(
            () -> {
              if (channel.isOpen()) {
                channel.config().setOption(ChannelOption.SO_LINGER, 0);
                var unused = channel.close();
              }
            });
  }

  private void write(Object message, int bytes) throws ClientGoneException {
    synchronized (lock) {
      pending += bytes;
    }
    channel.writeAndFlush(message).addListener(done -> written(bytes, done.isSuccess()));
    awaitRoom();
  }

  private void written(int bytes, boolean success) {
    synchronized (lock) {
      pending -= bytes;
      lock.notifyAll();
    }
    if (!success) {
      gone();
    }
  }

  private void awaitRoom() throws ClientGoneException {
    synchronized (lock) {
      long end = System.nanoTime() + sendLimit.toNanos();
      while (pending > ProxyLimits.PENDING_BYTES && !gone) {
        long left = end - System.nanoTime();
        if (left <= 0) {
          throw new ClientGoneException("the client accepts nothing any more");
        }
        try {
          lock.wait(left / 1_000_000 + 1);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new ClientGoneException("the proxy ends");
        }
      }
      if (gone) {
        throw new ClientGoneException("the client has closed its connection");
      }
    }
  }

  /**
   * Waits before more is sent.
   *
   * @throws ClientGoneException if the client leaves meanwhile
   */
  void pause(long nanos) throws ClientGoneException {
    long end = System.nanoTime() + nanos;
    synchronized (lock) {
      for (long left = nanos; left > 0 && !gone; left = end - System.nanoTime()) {
        try {
          TimeUnit.NANOSECONDS.timedWait(lock, left);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new ClientGoneException("the proxy ends");
        }
      }
    }
    checkThere();
  }

  /** The client is gone: whoever works for it is told. */
  void gone() {
    Runnable told;
    synchronized (lock) {
      gone = true;
      lock.notifyAll();
      told = onGone;
      onGone = null;
    }
    if (told != null) {
      told.run();
    }
  }

  /** Says what to do, once, when the client is gone; takes the place of what was said before. */
  void onGone(Runnable action) {
    synchronized (lock) {
      if (!gone) {
        onGone = action;
        return;
      }
    }
    action.run();
  }

  /**
   * Throws if the client is gone.
   *
   * @throws ClientGoneException then
   */
  void checkThere() throws ClientGoneException {
    synchronized (lock) {
      if (gone) {
        throw new ClientGoneException("the client has closed its connection");
      }
    }
  }
}
