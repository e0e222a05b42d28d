package io.dragonfly.internal.writing;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.internal.queue.FairQueue;
import io.dragonfly.task.TaskId;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Buffers between network and disk: their number bounds what waits for the disk. Tasks that wait
 * for one take turns. Safe for concurrent use.
 *
 * <p>The bound is kept by who reads from the network: it pauses while the pool is {@link #isEmpty}.
 * What a transport had read already must go somewhere, so {@link #take} gives a buffer even then.
 */
public final class BufferPool {
  /** Bytes of each buffer. */
  public static final int BUFFER_BYTES = 256 << 10;

  private final int capacity;

  @GuardedBy("this")
  private final Deque<ByteBuffer> free = new ArrayDeque<>();

  @GuardedBy("this")
  private final FairQueue<TaskId, Waiter> waiting = FairQueue.byCount(Waiter::task);

  @GuardedBy("this")
  private int out;

  private record Waiter(TaskId task, CompletableFuture<Void> room) {}

  /** A pool of this many buffers, made when they are needed. */
  public BufferPool(int capacity) {
    this.capacity = capacity;
  }

  /** Returns a cleared buffer. */
  public synchronized ByteBuffer take() {
    out++;
    ByteBuffer buffer = free.pollFirst();
    return buffer == null ? ByteBuffer.allocateDirect(BUFFER_BYTES) : buffer.clear();
  }

  /** Takes a buffer back. */
  public void give(ByteBuffer buffer) {
    // As many as there is room for, not one for one: some of those who wait have ended meanwhile.
    List<Waiter> next = new ArrayList<>();
    synchronized (this) {
      out--;
      if (free.size() + out < capacity) {
        free.addFirst(buffer);
      }
      while (next.size() < capacity - out && waiting.size() > 0) {
        next.add(Objects.requireNonNull(waiting.poll()));
      }
    }
    next.forEach(waiter -> waiter.room().complete(null));
  }

  /** Returns how many buffers are out. */
  public synchronized int out() {
    return out;
  }

  /** Lets the buffers go that nobody uses: nothing comes just now, and a process may wait long. */
  public synchronized void shrink() {
    free.clear();
  }

  /** Tells whether who reads should wait for {@link #room}. */
  public synchronized boolean isEmpty() {
    return out >= capacity;
  }

  /**
   * Completes when there is a buffer to spare and it is the task's turn. Who waits must hold none
   * that is not yet on its way to the disk, lest all wait for each other.
   */
  public CompletableFuture<Void> room(TaskId task) {
    CompletableFuture<Void> future = new CompletableFuture<>();
    @Nullable CompletableFuture<Void> now = null;
    synchronized (this) {
      if (out < capacity) {
        now = future;
      } else {
        waiting.add(new Waiter(task, future));
      }
    }
    if (now != null) {
      now.complete(null);
    }
    return future;
  }
}
