package io.dragonfly.transport.http.internal.proxy;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.fetch.FetchProgress;
import io.dragonfly.fetch.FetchStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Reads a stream until it is late, or nobody waits for it. A stream that is late stays open: it can
 * be read again from where it stands. It is not late while its fetch gets bytes, or is queued.
 */
final class Reading implements AutoCloseable {
  private final FetchStream stream;
  private final long patienceNanos;
  private final ScheduledFuture<?> look;

  /** The thread that waits for bytes, if one does. */
  @GuardedBy("this")
  private @Nullable Thread waiting;

  @GuardedBy("this")
  private long waitingSince;

  @GuardedBy("this")
  private boolean late;

  /**
   * A reading.
   *
   * @param stream an interrupt ends a blocked read of it, and so does closing it from another
   *     thread
   * @param patience how long one read may take while its fetch gets nothing
   */
  Reading(FetchStream stream, ScheduledExecutorService timer, Duration patience) {
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
    waits();
    try {
      stream.transferTo(watched);
    } catch (IOException e) {
      if (watched.corrupt != null) {
        throw watched.corrupt;
      }
      throw e;
    } finally {
      waitsNoLonger();
    }
  }

  private synchronized void waits() {
    late = false;
    waiting = Thread.currentThread();
    waitingSince = System.nanoTime();
  }

  private synchronized void waitsNoLonger() {
    waiting = null;
    if (late) {
      var unused = Thread.interrupted(); // it was for the read, which is over
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
      waitsNoLonger(); // should it be late by now, the bytes have come all the same
      try {
        sink.write(bytes, offset, count);
      } catch (Delivery.CorruptException e) {
        corrupt = e;
        throw new IOException(e.getMessage(), e);
      }
      waits();
    }
  }

  private synchronized void look() {
    Thread reader = waiting;
    if (reader != null && System.nanoTime() - waitingSince > patienceNanos && !isComing()) {
      late = true;
      waiting = null;
      reader.interrupt();
    }
  }

  /** A queue, a rate limit or a busy machine is no failure. */
  private boolean isComing() {
    FetchProgress progress = stream.fetch().progress();
    return progress.queued().isPresent() || progress.idle().toNanos() <= patienceNanos;
  }

  /** Tells whether the read was ended because it took too long. */
  synchronized boolean isLate() {
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
