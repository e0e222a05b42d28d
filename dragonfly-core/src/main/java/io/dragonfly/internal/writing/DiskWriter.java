package io.dragonfly.internal.writing;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.internal.loop.IoThreads;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Digest;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one thread that writes to the store. The tasks take turns. In its turn a task's oldest bytes
 * are written, up to {@link #TURN_BYTES}, in the order of the file and neighbours at once; then
 * what has come as a whole is sealed. So the slower the disk is, the fewer and the longer are the
 * writes, and no task waits until all of another is written. Safe for concurrent use; what waits is
 * bounded by the {@link BufferPool}.
 */
public final class DiskWriter implements AutoCloseable {
  /**
   * So much is written at once at most. Its buffers are all free again when it is written, and who
   * waits for one should not wait for long.
   */
  public static final int MOST_JOINED_BYTES = 1 << 20;

  /** So much of a task is written before it is another's turn. */
  static final int TURN_BYTES = 4 << 20;

  private static final Logger LOG = LoggerFactory.getLogger(DiskWriter.class);

  private final IoThreads thread;

  /** What waits, in the order of the turns. */
  @GuardedBy("this")
  private final Map<TaskId, Backlog> backlogs = new LinkedHashMap<>();

  /** Numbers what comes. */
  @GuardedBy("this")
  private long count;

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

  private record Write(
      Writing piece, StoredTask stored, long number, long offset, ByteBuffer data) {
    boolean isJoinedBy(Write next) {
      return stored == next.stored && offset + data.remaining() == next.offset;
    }
  }

  /** Something to do when all writes of its task with lower numbers are done. */
  private record Step(long number, Action action, CompletableFuture<Void> result) {
    void run() {
      try {
        action.run();
        result.complete(null);
      } catch (Throwable e) {
        // Any failure must reach the caller that waits for the result.
        result.completeExceptionally(e);
      }
    }
  }

  /** Adjacent writes that become one. */
  private record Run(List<Write> writes) {
    long offset() {
      return writes.get(0).offset();
    }

    long oldest() {
      return writes.stream().mapToLong(Write::number).min().orElseThrow();
    }

    long bytes() {
      return writes.stream().mapToLong(write -> write.data().remaining()).sum();
    }
  }

  /** What waits of one task. Belongs to the thread that writes once it has its turn. */
  private record Backlog(TaskId task, List<Write> writes, Deque<Step> afterwards) {
    boolean isEmpty() {
      return writes.isEmpty() && afterwards.isEmpty();
    }
  }

  /** Writes a buffer and gives it back. */
  public void write(Writing piece, StoredTask stored, long offset, ByteBuffer data) {
    synchronized (this) {
      if (!closed) {
        backlog(stored).writes().add(new Write(piece, stored, count++, offset, data));
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
        stored,
        () -> {
          // Another take's piece is as good as this one's, should that have been given up too late.
          if (!stored.has(number) || !stored.digest(number).equals(Optional.of(digest))) {
            piece.throwIfFailed();
            stored.seal(number, digest);
          }
        });
  }

  /** Does something else to a task after all that was to be written of it before. */
  public CompletableFuture<Void> run(StoredTask stored, Action action) {
    CompletableFuture<Void> result = new CompletableFuture<>();
    synchronized (this) {
      if (!closed) {
        backlog(stored).afterwards().add(new Step(count++, action, result));
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

  @GuardedBy("this")
  private Backlog backlog(StoredTask stored) {
    return backlogs.computeIfAbsent(
        stored.task().id(), task -> new Backlog(task, new ArrayList<>(), new ArrayDeque<>()));
  }

  @GuardedBy("this")
  private void wake() {
    if (!running) {
      thread.execute(this::work); // which waits for this lock
      running = true;
    }
  }

  private void work() {
    for (Backlog next = next(); next != null; next = next()) {
      try {
        write(next);
      } catch (Throwable e) { // such as too little memory: the thread goes on with other tasks
        LOG.error("task {}: what waits to be written is given up", next.task().brief(), e);
        giveUp(next, e);
      }
      if (!next.isEmpty()) {
        continueLater(next);
      }
    }
  }

  private synchronized @Nullable Backlog next() {
    Iterator<Backlog> first = backlogs.values().iterator();
    if (!first.hasNext()) {
      running = false;
      return null;
    }
    Backlog next = first.next();
    first.remove();
    return next;
  }

  private synchronized void continueLater(Backlog rest) {
    Backlog newer = backlogs.putIfAbsent(rest.task(), rest);
    if (newer != null) {
      newer.writes().addAll(rest.writes());
      Iterator<Step> older = rest.afterwards().descendingIterator();
      older.forEachRemaining(newer.afterwards()::addFirst);
    }
  }

  private void write(Backlog backlog) {
    backlog.writes().removeIf(DiskWriter::isDropped);
    List<Run> all = runs(backlog.writes());
    all.sort(Comparator.comparingLong(Run::oldest)); // so nothing waits for long
    List<Run> now = new ArrayList<>();
    List<Write> later = new ArrayList<>();
    long bytes = 0;
    for (Run run : all) {
      if (bytes < TURN_BYTES) {
        now.add(run);
      } else {
        later.addAll(run.writes());
      }
      bytes += run.bytes();
    }
    now.sort(Comparator.comparingLong(Run::offset));
    backlog.writes().clear(); // each run gives its own buffers back from here on
    backlog.writes().addAll(later);
    now.forEach(DiskWriter::writeNow);
    seal(backlog);
  }

  private static void giveUp(Backlog backlog, Throwable why) {
    IOException failure = new IOException("writing failed: " + why, why);
    backlog.writes().forEach(write -> giveUp(write, failure));
    backlog.writes().clear();
    backlog.afterwards().forEach(step -> step.result().completeExceptionally(failure));
    backlog.afterwards().clear();
  }

  private static void giveUp(Write write, Exception why) {
    tell(() -> write.piece().fail(why));
    tell(() -> write.piece().written(write.data()));
  }

  /** What a piece's owner throws must not keep the others' buffers. */
  private static void tell(Runnable call) {
    try {
      call.run();
    } catch (Throwable e) {
      LOG.error("A piece's owner failed", e);
    }
  }

  private static void seal(Backlog backlog) {
    long oldest = backlog.writes().stream().mapToLong(Write::number).min().orElse(Long.MAX_VALUE);
    Deque<Step> steps = backlog.afterwards();
    while (!steps.isEmpty() && steps.getFirst().number() < oldest) {
      steps.removeFirst().run();
    }
  }

  private static boolean isDropped(Write write) {
    try {
      if (write.piece().mayBeWritten()) {
        return false;
      }
    } catch (Throwable e) {
      tell(() -> write.piece().fail(new IOException("writing failed: " + e, e)));
    }
    tell(() -> write.piece().written(write.data()));
    return true;
  }

  private static List<Run> runs(List<Write> writes) {
    writes.sort(Comparator.comparingLong(Write::offset).thenComparingLong(Write::number));
    List<Run> runs = new ArrayList<>();
    for (int from = 0, end; from < writes.size(); from = end) {
      end = endOfRun(writes, from);
      runs.add(new Run(List.copyOf(writes.subList(from, end))));
    }
    return runs;
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

  private static void writeNow(Run run) {
    List<Write> writes = run.writes();
    StoredTask stored = writes.get(0).stored();
    try {
      if (writes.size() == 1) {
        stored.write(run.offset(), writes.get(0).data());
      } else {
        stored.write(run.offset(), writes.stream().map(Write::data).toList());
      }
    } catch (Exception e) {
      writes.forEach(write -> tell(() -> write.piece().fail(e)));
    } catch (Error e) { // such as too little memory: the thread goes on with the other tasks
      IOException failed = new IOException("writing failed: " + e, e);
      writes.forEach(write -> tell(() -> write.piece().fail(failed)));
    } finally {
      writes.forEach(write -> tell(() -> write.piece().written(write.data())));
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
