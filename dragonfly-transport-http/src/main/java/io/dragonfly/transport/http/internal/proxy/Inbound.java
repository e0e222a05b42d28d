package io.dragonfly.transport.http.internal.proxy;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The body of a request on its way from the connection's event loop to the thread that passes it
 * on. While too much of it waits, {@link #isFull} says so and the connection reads no more.
 */
final class Inbound {
  private final OptionalLong length;
  private final boolean expectsContinue;
  private final Runnable onFirstWait;
  private final Runnable onRoom;

  @GuardedBy("this")
  private final Deque<ByteBuf> parts = new ArrayDeque<>();

  @GuardedBy("this")
  private long waiting;

  @GuardedBy("this")
  private boolean ended;

  @GuardedBy("this")
  private boolean gone;

  @GuardedBy("this")
  private boolean asked;

  /**
   * A body of which nothing has come.
   *
   * @param length its bytes, if that is known
   * @param expectsContinue whether the client may wait for 100 (Continue) before it sends the body
   * @param onFirstWait is told when the body is first asked for, and it has not come yet
   * @param onRoom is told when there is room for more
   */
  Inbound(OptionalLong length, boolean expectsContinue, Runnable onFirstWait, Runnable onRoom) {
    this.length = length;
    this.expectsContinue = expectsContinue;
    this.onFirstWait = onFirstWait;
    this.onRoom = onRoom;
  }

  /** Returns a body that has come already. */
  static Inbound of(byte[] bytes) {
    Inbound whole = new Inbound(OptionalLong.of(bytes.length), false, () -> {}, () -> {});
    whole.add(Unpooled.wrappedBuffer(bytes));
    whole.end();
    return whole;
  }

  OptionalLong length() {
    return length;
  }

  boolean expectsContinue() {
    return expectsContinue;
  }

  /** Tells whether somebody has begun to read the body. */
  synchronized boolean isAsked() {
    return asked;
  }

  /** Tells whether the client may still wait until it is told to send the body. */
  synchronized boolean isHeldBack() {
    return expectsContinue && !asked && !ended;
  }

  /** Gets a part, which is released here. */
  void add(ByteBuf part) {
    synchronized (this) {
      if (!gone && part.isReadable()) {
        parts.add(part);
        waiting += part.readableBytes();
        notifyAll();
        return;
      }
    }
    part.release();
  }

  synchronized boolean isFull() {
    return waiting >= ProxyLimits.BODY_BYTES;
  }

  synchronized void end() {
    ended = true;
    notifyAll();
  }

  synchronized boolean hasEnded() {
    return ended;
  }

  /** The client is gone, or nobody wants the rest. */
  void close() {
    synchronized (this) {
      gone = true;
      parts.forEach(ByteBuf::release);
      parts.clear();
      waiting = 0;
      notifyAll();
    }
    onRoom.run();
  }

  /**
   * Waits for the next part; null at the end. The caller releases it.
   *
   * @throws ClientGoneException if nothing comes in time, or the client is gone
   */
  @Nullable ByteBuf take(Duration limit) throws ClientGoneException {
    boolean first;
    synchronized (this) {
      first = !asked && parts.isEmpty() && !ended;
      asked = true;
    }
    if (first) {
      onFirstWait.run();
    }
    ByteBuf part;
    synchronized (this) {
      part = await(limit);
      if (part != null) {
        waiting -= part.readableBytes();
      }
    }
    if (part != null) {
      onRoom.run();
    }
    return part;
  }

  /**
   * Waits for the whole body; empty if it has more than this many bytes.
   *
   * @param limit how long no byte of it may come
   * @throws ClientGoneException if nothing comes in time, or the client is gone
   */
  Optional<byte[]> takeAll(int most, Duration limit) throws ClientGoneException {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (ByteBuf part = take(limit); part != null; part = take(limit)) {
      all.writeBytes(ByteBufUtil.getBytes(part));
      part.release();
      if (all.size() > most) {
        return Optional.empty();
      }
    }
    return Optional.of(all.toByteArray());
  }

  @GuardedBy("this")
  private @Nullable ByteBuf await(Duration limit) throws ClientGoneException {
    long end = System.nanoTime() + limit.toNanos();
    while (parts.isEmpty()) {
      if (gone) {
        throw new ClientGoneException("the client is gone in the middle of its request");
      }
      if (ended) {
        return null;
      }
      long left = end - System.nanoTime();
      if (left <= 0) {
        throw new ClientGoneException("the client does not go on with its request");
      }
      try {
        wait(left / 1_000_000 + 1);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new ClientGoneException("the proxy ends");
      }
    }
    return parts.remove();
  }
}
