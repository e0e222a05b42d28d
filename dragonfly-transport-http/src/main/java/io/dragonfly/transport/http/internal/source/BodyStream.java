package io.dragonfly.transport.http.internal.source;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantLock;
import okhttp3.Response;

/**
 * The bytes of an answer that were asked for, and not one less or more. Belongs to one reader; may
 * be closed by any thread, which ends a blocked read.
 */
final class BodyStream extends InputStream {
  private static final int SKIP_BUFFER = 64 << 10;

  private final SourceExchange exchange;
  private final Response response;
  private final BodyPlan plan;
  private final InputStream in;
  private long toSkip;
  private long left;
  private volatile boolean atEnd;

  /**
   * Held by whoever touches OkHttp's body: closing it while another thread reads it would put
   * buffers that are in use back into a pool that all streams share.
   */
  private final ReentrantLock touching = new ReentrantLock();

  private volatile boolean closed;
  private boolean bodyClosed;

  BodyStream(SourceExchange exchange, Response response, BodyPlan plan) {
    this.exchange = exchange;
    this.response = response;
    this.plan = plan;
    this.in = response.body().byteStream();
    this.toSkip = plan.skip();
    this.left = plan.length().orElse(Long.MAX_VALUE); // no body has as many
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, target.length);
    touching.lock();
    try {
      if (closed) {
        throw exchange.failureToRead("the stream is closed", null);
      }
      return length == 0 ? 0 : readWanted(target, offset, length);
    } catch (IOException e) {
      // What broke once has no right end: nobody must read on.
      close();
      throw e;
    } finally {
      touching.unlock();
      if (closed) {
        closeBody();
      }
    }
  }

  private int readWanted(byte[] target, int offset, int length) throws IOException {
    skip();
    if (left == 0) {
      finish();
      return -1;
    }
    int count = readWatched(target, offset, (int) Math.min(length, left));
    if (count < 0) {
      atEnd = true;
      if (plan.exact()) {
        throw exchange.failureToRead("ended %d bytes before its end".formatted(left), null);
      }
      left = 0;
      return -1;
    }
    left -= count;
    if (left == 0) {
      // At once, since who knows the length does not read on to meet the end.
      finish();
    }
    return count;
  }

  private void skip() throws IOException {
    byte[] dropped = toSkip > 0 ? new byte[SKIP_BUFFER] : new byte[0];
    while (toSkip > 0) {
      int count = readWatched(dropped, 0, (int) Math.min(dropped.length, toSkip));
      if (count < 0) {
        atEnd = true;
        if (plan.exact()) {
          throw exchange.failureToRead("ended before the range that was asked for", null);
        }
        toSkip = 0;
        left = 0;
        return;
      }
      toSkip -= count;
    }
  }

  /** Meets the end of the body, where it must be. */
  private void finish() throws IOException {
    if (!plan.toTheEnd() || atEnd) {
      return;
    }
    boolean more = readWatched(new byte[1], 0, 1) >= 0;
    if (more || exchange.hasStrayBytes()) {
      throw exchange.failureToRead("brought more bytes than it announced", null);
    }
    atEnd = true;
  }

  private int readWatched(byte[] target, int offset, int length) throws IOException {
    exchange.waits();
    try {
      return in.read(target, offset, length);
    } catch (IOException e) {
      throw exchange.failureToRead(Failures.reason(e), e);
    } finally {
      exchange.waitsNoMore();
    }
  }

  /** Ends a read that another thread is in, and gives the connection back or closes it. */
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      exchange.finished(atEnd);
      closeBody();
    }
  }

  /** Closes OkHttp's body, unless a reader touches it: then he does so when he is out of it. */
  private void closeBody() {
    if (touching.tryLock()) {
      try {
        if (!bodyClosed) {
          bodyClosed = true;
          response.close();
        }
      } finally {
        touching.unlock();
      }
    }
  }
}
