package io.dragonfly.transport.http.internal.client;

import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceRequest;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.Transport;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A take. It WAITS for a connection, is on one, or is OVER; a connection that broke before it said
 * anything puts it back to WAITS, once. Whoever moves it to OVER tells the sink how it ended, on an
 * event loop; while it is on a connection only that connection's loop does so, and thus the sink's
 * calls never overlap.
 */
final class HttpPieceDownload implements Transport.Take {
  private static final Logger LOG = LoggerFactory.getLogger(HttpPieceDownload.class);
  private static final Object WAITS = new Object();
  private static final Object OVER = new Object();

  private final PieceConnections connections;
  private final PieceRequest request;
  private final PieceSink sink;
  private final AtomicReference<Object> state = new AtomicReference<>(WAITS);
  private volatile boolean paused;
  private boolean retried;

  HttpPieceDownload(PieceConnections connections, PieceRequest request, PieceSink sink) {
    this.connections = connections;
    this.request = request;
    this.sink = sink;
  }

  PieceRequest request() {
    return request;
  }

  boolean isPaused() {
    return paused;
  }

  /** Puts a waiting take on a connection, unless it is over. */
  boolean attach(PieceConnection connection) {
    return state.compareAndSet(WAITS, connection);
  }

  /** Takes it from a connection that broke before it said anything, the first time. */
  boolean detach(PieceConnection connection) {
    if (retried || !state.compareAndSet(connection, WAITS)) {
      return false;
    }
    retried = true;
    return true;
  }

  boolean isOn(PieceConnection connection) {
    return state.get() == connection;
  }

  /**
   * Hands over bytes, on the loop of the connection that it is on.
   *
   * @return whether the sink took them
   */
  boolean receive(ByteBuffer data) {
    try {
      sink.received(data);
      return true;
    } catch (RuntimeException e) {
      LOG.error("the receiver of {} failed", request, e);
      return false;
    }
  }

  /** All bytes came. */
  void complete(PieceConnection connection) {
    if (state.compareAndSet(connection, OVER)) {
      connections.over(this);
      tellSink(sink::completed);
    }
  }

  /** It ended on the connection that it is on; called on that connection's loop. */
  void failOn(PieceConnection connection, PieceDownloadException failure) {
    if (state.compareAndSet(connection, OVER)) {
      connections.over(this);
      tellSink(() -> sink.failed(failure));
    }
  }

  /** It gets no connection; called on any event loop. */
  void failWaiting(PieceDownloadException failure) {
    if (state.compareAndSet(WAITS, OVER)) {
      connections.over(this);
      tellSink(() -> sink.failed(failure));
    }
  }

  /** The transport is closed: ends it wherever it is. */
  void end(PieceDownloadException failure) {
    connections.onAnyLoop(() -> failWaiting(failure));
    if (state.get() instanceof PieceConnection connection) {
      connection.end(this, failure);
    }
  }

  private void tellSink(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      LOG.error("the receiver of {} failed", request, e);
    }
  }

  @Override
  public void pause() {
    paused = true;
    adjustReading();
  }

  @Override
  public void resume() {
    paused = false;
    adjustReading();
  }

  // Whoever attaches looks at the flag after that, so one of both sees the other.
  private void adjustReading() {
    if (state.get() instanceof PieceConnection connection) {
      connection.adjustReading(this);
    }
  }

  @Override
  public void cancel() {
    Object before = state.getAndSet(OVER);
    if (before != OVER) {
      connections.over(this);
    }
    if (before instanceof PieceConnection connection) {
      connection.cancel(this);
    }
  }
}
