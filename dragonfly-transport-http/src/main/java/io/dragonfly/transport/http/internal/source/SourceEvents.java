package io.dragonfly.transport.http.internal.source;

import java.io.IOException;
import okhttp3.Call;
import okhttp3.Connection;
import okhttp3.EventListener;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * Watches one call: tells its exchange how far it has come, and notices bytes behind the end of the
 * body that was announced. That can be seen only where TLS does not hide them, and only of bytes
 * that are there already when the last one of the body is read.
 */
final class SourceEvents extends EventListener {
  private final SourceExchange exchange;
  private @Nullable SourceSocket socket;
  private long announced = -1;

  SourceEvents(SourceExchange exchange) {
    this.exchange = exchange;
  }

  @Override
  public void connectionAcquired(Call call, Connection connection) {
    // From now on the server has its time to answer.
    exchange.waits();
    socket = connection.socket() instanceof SourceSocket plain ? plain : null;
  }

  @Override
  public void responseHeadersEnd(Call call, Response response) {
    boolean hasChunks = response.header("Transfer-Encoding") != null;
    announced = hasChunks ? -1 : parse(response.header("Content-Length"));
  }

  @Override
  public void responseBodyEnd(Call call, long byteCount) {
    // Before the connection goes back to the pool, and another call uses it.
    SourceSocket used = socket;
    if (used == null || announced < 0) {
      return;
    }
    try {
      if (used.hasMoreThan(announced)) {
        exchange.foundStrayBytes();
      }
    } catch (IOException e) {
      // The connection is closed already, so nothing can follow.
      socket = null;
    }
  }

  private static long parse(@Nullable String length) {
    return length != null && length.matches("\\d{1,18}") ? Long.parseLong(length) : -1;
  }
}
