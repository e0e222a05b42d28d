package io.dragonfly.transport.http.internal.proxy;

import io.netty.buffer.ByteBuf;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import okhttp3.MediaType;
import okhttp3.RequestBody;
import okio.BufferedSink;
import org.jspecify.annotations.Nullable;

/**
 * The body of a client's request as OkHttp sends it, once. With {@code Expect: 100-continue} it is
 * WAITING until the server wants it or answers without it, which both make it DECIDED; or LATE if
 * neither comes in time: then the request is sent again without the header, with another body of
 * this class. Safe for concurrent use.
 */
final class InboundBody extends RequestBody {
  private final Inbound body;
  private final Duration limit;
  private final AtomicReference<State> state = new AtomicReference<>(State.WAITING);

  private enum State {
    WAITING,
    DECIDED,
    LATE
  }

  /**
   * A body of which nothing has been sent.
   *
   * @param limit how long the client may bring no byte of it
   */
  InboundBody(Inbound body, Duration limit) {
    this.body = body;
    this.limit = limit;
  }

  /** Returns whether the wait for the server is over in vain: from now on the body is not sent. */
  boolean giveUp() {
    return state.compareAndSet(State.WAITING, State.LATE);
  }

  /** Tells whether the wait for the server was over in vain. */
  boolean isLate() {
    return state.get() == State.LATE;
  }

  /** Ends the wait for the server. Returns whether it was not over in vain before. */
  boolean decide() {
    return state.compareAndSet(State.WAITING, State.DECIDED) || !isLate();
  }

  @Override
  public @Nullable MediaType contentType() {
    return null; // it is among the headers
  }

  @Override
  public long contentLength() {
    return body.length().orElse(-1);
  }

  @Override
  public boolean isOneShot() {
    return true;
  }

  @Override
  public void writeTo(BufferedSink sink) throws IOException {
    if (!decide()) {
      throw new IOException("the server has wanted the body just too late");
    }
    for (ByteBuf part = body.take(limit); part != null; part = body.take(limit)) {
      try {
        part.readBytes(sink.outputStream(), part.readableBytes());
      } finally {
        part.release();
      }
      sink.flush();
    }
  }
}
