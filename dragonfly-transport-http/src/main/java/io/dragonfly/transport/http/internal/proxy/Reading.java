package io.dragonfly.transport.http.internal.proxy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Reads a stream that may be ended from outside: because it is late, or nobody waits for it. */
final class Reading implements AutoCloseable {
  private static final long NOT_WAITING = Long.MIN_VALUE;

  private final InputStream stream;
  private final long patienceNanos;
  private final ScheduledFuture<?> look;
  private volatile long waitingSince = NOT_WAITING;
  private volatile boolean late;

  /**
   * A reading.
   *
   * @param stream can be closed by another thread, which ends a blocked read
   * @param patience how long one read may take
   */
  Reading(InputStream stream, ScheduledExecutorService timer, Duration patience) {
    this.stream = stream;
    this.patienceNanos = patience.toNanos();
    long every = Math.max(1, patienceNanos / 8);
    this.look = timer.scheduleWithFixedDelay(this::look, every, every, TimeUnit.NANOSECONDS);
  }

  /** Where bytes go. */
  interface Sink {
    void write(byte[] bytes, int offset, int count) throws IOException, Delivery.CorruptException;
  }

  /**
   * Reads to the end.
   *
   * @throws IOException if either side fails
   * @throws Delivery.CorruptException if the sink does
   */
  void copyTo(Sink sink) throws IOException, Delivery.CorruptException {
    Watched watched = new Watched(sink);
    waitingSince = System.nanoTime();
    try {
      stream.transferTo(watched);
    } catch (IOException e) {
      if (watched.corrupt != null) {
        throw watched.corrupt;
      }
      throw e;
    } finally {
      waitingSince = NOT_WAITING;
    }
  }

  /** Time in which the sink works is not the stream's. */
  private final class Watched extends OutputStream {
    private final Sink sink;
    private Delivery.@Nullable CorruptException corrupt;

    Watched(Sink sink) {
      this.sink = sink;
    }

    @Override
    public void write(int one) throws IOException {
      write(new byte[] {(byte) one}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
      waitingSince = NOT_WAITING;
      try {
        sink.write(bytes, offset, count);
      } catch (Delivery.CorruptException e) {
        corrupt = e;
        throw new IOException(e.getMessage(), e);
      }
      waitingSince = System.nanoTime();
    }
  }

  private void look() {
    long since = waitingSince;
    if (since != NOT_WAITING && System.nanoTime() - since > patienceNanos) {
      late = true;
      end();
    }
  }

  /** Tells whether it was ended because a read took too long. */
  boolean isLate() {
    return late;
  }

  /** Ends a blocked read. From any thread. */
  void end() {
    try {
      stream.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Stops to look; the stream is closed by who has opened it. */
  @Override
  public void close() {
    look.cancel(false);
  }
}
