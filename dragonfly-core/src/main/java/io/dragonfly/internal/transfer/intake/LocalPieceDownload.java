package io.dragonfly.internal.transfer.intake;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.control.Outcome;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.internal.loop.IoThreads;
import io.dragonfly.internal.writing.BufferPool;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.spi.PieceService.Given;
import io.dragonfly.spi.PieceSink;
import io.dragonfly.spi.Transport;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A take from a parent in this very process: no network, the same rules. Bytes are read on an I/O
 * thread, one at a time.
 */
public final class LocalPieceDownload implements Transport.Take {
  private final CompletableFuture<Given> asked;
  private final PieceSink sink;
  private final IoThreads io;
  private final BufferPool pool;

  @GuardedBy("this")
  private @Nullable Given given;

  @GuardedBy("this")
  private boolean reading;

  @GuardedBy("this")
  private boolean paused;

  @GuardedBy("this")
  private boolean over;

  private long position; // of the reading thread

  private LocalPieceDownload(
      CompletableFuture<Given> asked, PieceSink sink, IoThreads io, BufferPool pool) {
    this.asked = asked;
    this.sink = sink;
    this.io = io;
    this.pool = pool;
  }

  /** Starts to take what was asked for. */
  public static Transport.Take start(
      CompletableFuture<Given> asked, PieceSink sink, IoThreads io, BufferPool pool) {
    LocalPieceDownload take = new LocalPieceDownload(asked, sink, io, pool);
    Continuations.whenDone(
        asked,
        (given, failure) -> {
          if (given != null) {
            take.accept(given);
          } else if (failure != null) {
            take.io.execute(() -> take.fail(failure));
          }
        });
    return take;
  }

  private void accept(Given answer) {
    synchronized (this) {
      if (!over) {
        given = answer;
        read();
        return;
      }
    }
    answer.region().close();
  }

  @GuardedBy("this")
  private void read() {
    if (given != null && !reading && !paused && !over) {
      reading = true;
      Given from = given;
      io.execute(() -> pump(from));
    }
  }

  private void pump(Given from) {
    ByteBuffer buffer = pool.take();
    try {
      while (mayRead(from)) {
        if (position == from.region().length()) {
          end(from);
          sink.completed();
          return;
        }
        int bytes = (int) Math.min(buffer.capacity(), from.region().length() - position);
        buffer.clear().limit(bytes);
        if (from.region().channel().read(buffer, from.region().position() + position) < 0) {
          throw new IOException("the file ends in the middle of a piece");
        }
        position += buffer.position();
        sink.received(buffer.flip());
      }
    } catch (IOException | RuntimeException e) {
      end(from);
      sink.failed(new PieceDownloadException(Outcome.REFUSED, "the piece cannot be read: " + e, e));
    } finally {
      pool.give(buffer);
    }
  }

  private boolean mayRead(Given from) {
    synchronized (this) {
      if (over) {
        from.region().close();
        return false;
      }
      reading = !paused;
      return reading;
    }
  }

  private void end(Given from) {
    synchronized (this) {
      over = true;
    }
    from.region().close();
  }

  private void fail(Throwable failure) {
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
    }
    sink.failed(
        failure instanceof PieceDownloadException answer
            ? answer
            : new PieceDownloadException(Outcome.REFUSED, "the parent fails: " + failure, failure));
  }

  @Override
  public synchronized void pause() {
    paused = true;
  }

  @Override
  public synchronized void resume() {
    paused = false;
    read();
  }

  @Override
  public void cancel() {
    Given unread = null;
    synchronized (this) {
      if (!over && !reading) {
        unread = given;
      }
      over = true;
    }
    if (unread != null) {
      unread.region().close();
    } else {
      asked.cancel(false);
    }
  }
}
