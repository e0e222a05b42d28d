package io.dragonfly.internal.writing;

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
  public static final int MOST_JOINED_BYTES = 1 << 20;

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
  public DiskWriter(String threadName) {
    this.thread = IoThreads.single(threadName);
  }

  /** One piece that is being written, by one of those who may bring it. */
  public interface Writing {
    /** Tells whether what has come is still to be written. On the thread that writes. */
    boolean mayBeWritten();

    /** A buffer is free again, whatever became of its bytes. On the thread that writes. */
    void written(ByteBuffer data);

    /** Records why the piece cannot be kept. */
    void fail(Exception e);

    /** Throws what went wrong, on the thread that writes, before the piece is sealed. */
    void throwIfFailed() throws Exception;
  }

  private record Write(Writing piece, StoredTask stored, long offset, ByteBuffer data) {
    boolean isJoinedBy(Write next) {
      return stored == next.stored && offset + data.remaining() == next.offset;
    }
  }

  /** Writes a buffer and gives it back. */
  public void write(Writing piece, StoredTask stored, long offset, ByteBuffer data) {
    synchronized (this) {
      if (!closed) {
        writes.add(new Write(piece, stored, offset, data));
        wake();
        return;
      }
    }
    piece.fail(new RejectedExecutionException("the disk writer is closed"));
    piece.written(data);
  }

  /** Seals a piece after all its writes. The future fails if the piece could not be kept. */
  public CompletableFuture<Void> seal(Writing piece, StoredTask stored, int number, Digest digest) {
    return run(
        () -> {
          // Another take's piece is as good as this one's, should that have been given up too late.
          if (!stored.has(number) || !stored.digest(number).equals(Optional.of(digest))) {
            piece.throwIfFailed();
            stored.seal(number, digest);
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
    result.completeExceptionally(new RejectedExecutionException("the disk writer is closed"));
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
      dropped = !write.piece().mayBeWritten();
    } catch (RuntimeException e) {
      write.piece().fail(e);
    }
    if (dropped) {
      write.piece().written(write.data());
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
      run.forEach(write -> write.piece().fail(e));
    } finally {
      run.forEach(write -> write.piece().written(write.data()));
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
