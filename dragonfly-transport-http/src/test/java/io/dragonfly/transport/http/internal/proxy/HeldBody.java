package io.dragonfly.transport.http.internal.proxy;

import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponseBody;
import okio.BufferedSink;

/**
 * A body of which the first bytes come at once, and the rest when it is let go.
 *
 * @param content all of it
 * @param first how many bytes come at once
 * @param rest lets the rest go
 */
record HeldBody(byte[] content, int first, CountDownLatch rest) implements MockResponseBody {
  private static final int LIMIT_SECONDS = 30;

  HeldBody(byte[] content, int first) {
    this(content, first, new CountDownLatch(1));
  }

  @Override
  public long getContentLength() {
    return content.length;
  }

  @Override
  public void writeTo(BufferedSink sink) throws IOException {
    sink.write(content, 0, first).flush();
    try {
      if (!rest.await(LIMIT_SECONDS, TimeUnit.SECONDS)) {
        throw new IOException("nobody has let the rest go");
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
    sink.write(content, first, content.length - first);
  }
}
