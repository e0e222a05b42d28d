package io.dragonfly.internal.transfer.intake;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.internal.loop.IoThreads;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Digest;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;

/**
 * The one thread that writes to the store. What has come in since its last turn it writes in the
 * order of the file, and seals afterwards. Safe for concurrent use; what waits is bounded by the
 * {@link BufferPool}.
 */
public final class DiskWriter implements AutoCloseable {
  private static final Comparator<Write> BY_PLACE =
      Comparator.<Write, String>comparing(write -> write.stored().task().id().hex())
          .thenComparingLong(Write::offset);

  private final BufferPool pool;
  private final IoThreads thread;

  @GuardedBy("this")
  private List<Write> writes = new ArrayList<>();

  @GuardedBy("this")
  private List<Runnable> afterwards = new ArrayList<>();

  @GuardedBy("this")
  private boolean running;

  @GuardedBy("this")
  private boolean closed;

  /** Starts the thread. */
  public DiskWriter(String threadName, BufferPool pool) {
    this.pool = pool;
    this.thread = IoThreads.single(threadName);
  }

  private record Write(PieceIntake intake, StoredTask stored, long offset, ByteBuffer data) {}

  /** Writes a buffer and gives it back to the pool. */
  void write(PieceIntake intake, StoredTask stored, long offset, ByteBuffer data) {
    synchronized (this) {
      if (!closed) {
        writes.add(new Write(intake, stored, offset, data));
        wake();
        return;
      }
    }
    intake.fail(new RejectedExecutionException("the client is closed"));
    pool.give(data);
  }

  /** Seals a piece after all its writes. The future fails if the piece could not be kept. */
  CompletableFuture<Void> seal(PieceIntake intake, StoredTask stored, int piece, Digest digest) {
    return run(
        () -> {
          // Another take's piece is as good as this one's, should that have been given up too late.
          if (!stored.has(piece) || !stored.digest(piece).equals(Optional.of(digest))) {
            intake.throwIfFailed();
            stored.seal(piece, digest);
          }
        });
  }

  /** Does something else to the store after all that was written before. */
  public CompletableFuture<Void> run(Action action) {
    CompletableFuture<Void> result = new CompletableFuture<>();
    synchronized (this) {
      if (!closed) {
        afterwards.add(() -> complete(result, action));
        wake();
        return result;
      }
    }
    result.completeExceptionally(new RejectedExecutionException("the client is closed"));
    return result;
  }

  /** Something that changes the store. */
  @FunctionalInterface
  public interface Action {
    /** Does it. */
    void run() throws Exception;
  }

  private static void complete(CompletableFuture<Void> result, Action action) {
    try {
      action.run();
      result.complete(null);
    } catch (Throwable e) {
      // Whatever it was: who waits for the result must hear of it.
      result.completeExceptionally(e);
    }
  }

  @GuardedBy("this")
  private void wake() {
    if (!running) {
      running = true;
      thread.execute(this::work);
    }
  }

  private void work() {
    while (true) {
      List<Write> toWrite;
      List<Runnable> toDo;
      synchronized (this) {
        if (writes.isEmpty() && afterwards.isEmpty()) {
          running = false;
          return;
        }
        toWrite = writes;
        toDo = afterwards;
        writes = new ArrayList<>();
        afterwards = new ArrayList<>();
      }
      toWrite.sort(BY_PLACE);
      toWrite.forEach(this::writeNow);
      toDo.forEach(Runnable::run);
    }
  }

  private void writeNow(Write write) {
    try {
      write.intake().writeNow(write.stored(), write.offset(), write.data());
    } catch (Exception e) {
      write.intake().fail(e);
    } finally {
      pool.give(write.data());
    }
  }

  /** Writes what waits, takes nothing more, and ends the thread. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    thread.close();
  }
}
