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
 * order of the file, neighbours at once, and seals afterwards. So the slower the disk is, the fewer
 * and the longer are the writes. Safe for concurrent use; what waits is bounded by the {@link
 * BufferPool}.
 */
public final class DiskWriter implements AutoCloseable {
  private static final Comparator<Write> BY_PLACE =
      Comparator.<Write, String>comparing(write -> write.stored().task().id().hex())
          .thenComparingLong(Write::offset);

  /**
   * So much is written at once at most. Its buffers are all free again when it is written, and who
   * waits for one should not wait for long.
   */
  static final int MOST_JOINED_BYTES = 1 << 20;

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

  private record Write(PieceIntake intake, StoredTask stored, long offset, ByteBuffer data) {
    boolean isJoinedBy(Write next) {
      return stored == next.stored && offset + data.remaining() == next.offset;
    }
  }

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
      write(toWrite);
      toDo.forEach(Runnable::run);
    }
  }

  private void write(List<Write> writes) {
    writes.removeIf(this::isDropped);
    writes.sort(BY_PLACE);
    for (int from = 0; from < writes.size(); ) {
      int end = endOfRun(writes, from);
      writeNow(writes.subList(from, end));
      from = end;
    }
  }

  private boolean isDropped(Write write) {
    boolean dropped = true;
    try {
      dropped = !write.intake().mayBeWritten();
    } catch (RuntimeException e) {
      write.intake().fail(e);
    }
    if (dropped) {
      pool.give(write.data());
    }
    return dropped;
  }

  private static int endOfRun(List<Write> writes, int from) {
    int end = from + 1;
    int bytes = writes.get(from).data().remaining();
    while (end < writes.size() && writes.get(end - 1).isJoinedBy(writes.get(end))) {
      bytes += writes.get(end).data().remaining();
      if (bytes > MOST_JOINED_BYTES) {
        break;
      }
      end++;
    }
    return end;
  }

  private void writeNow(List<Write> run) {
    Write first = run.get(0);
    try {
      if (run.size() == 1) {
        first.stored().write(first.offset(), first.data());
      } else {
        first.stored().write(first.offset(), run.stream().map(Write::data).toList());
      }
    } catch (Exception e) {
      run.forEach(write -> write.intake().fail(e));
    } finally {
      run.forEach(write -> pool.give(write.data()));
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
