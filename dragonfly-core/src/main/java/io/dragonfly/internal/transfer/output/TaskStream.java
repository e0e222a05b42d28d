package io.dragonfly.internal.transfer.output;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.FetchCancelledException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * What a caller reads while the rest arrives. The reader only waits and copies memory: the bytes
 * come from a {@link StreamFeed} that reads the store on threads of its own.
 */
final class TaskStream extends InputStream {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Runnable onRead;
  private final Runnable onClose;

  @GuardedBy("lock")
  private final Deque<ByteBuffer> chunks = new ArrayDeque<>();

  @GuardedBy("lock")
  private boolean ended;

  @GuardedBy("lock")
  private boolean closed;

  @GuardedBy("lock")
  private @Nullable DistributionException failure;

  /**
   * A stream.
   *
   * @param onRead is told when there is room for another chunk
   * @param onClose is told once when the reader has closed it
   */
  TaskStream(Runnable onRead, Runnable onClose) {
    this.onRead = onRead;
    this.onClose = onClose;
  }

  void add(ByteBuffer chunk) {
    lock.lock();
    try {
      chunks.addLast(chunk);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void end() {
    lock.lock();
    try {
      ended = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  void fail(DistributionException why) {
    lock.lock();
    try {
      failure = why;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    Objects.checkFromIndexSize(offset, length, into.length);
    if (length == 0) {
      return 0;
    }
    boolean emptied;
    int count;
    lock.lock();
    try {
      ByteBuffer chunk = awaitChunk();
      if (chunk == null) {
        return -1;
      }
      count = Math.min(length, chunk.remaining());
      chunk.get(into, offset, count);
      emptied = !chunk.hasRemaining();
      if (emptied) {
        chunks.removeFirst();
      }
    } finally {
      lock.unlock();
    }
    if (emptied) {
      onRead.run();
    }
    return count;
  }

  @GuardedBy("lock")
  private @Nullable ByteBuffer awaitChunk() throws IOException {
    while (true) {
      if (closed) {
        throw new IOException("the stream is closed");
      }
      ByteBuffer chunk = chunks.peekFirst();
      if (chunk != null) {
        return chunk;
      }
      if (failure != null) {
        throw new IOException(failure.getMessage(), failure);
      }
      if (ended) {
        return null;
      }
      try {
        // Without a limit of its own: a fetch that gets nowhere ends with an exception.
        changed.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        InterruptedIOException interrupted =
            new InterruptedIOException("the reading thread was interrupted");
        interrupted.initCause(
            new FetchCancelledException("The thread that reads was interrupted.", e));
        throw interrupted;
      }
    }
  }

  @Override
  public int available() {
    lock.lock();
    try {
      return closed ? 0 : chunks.stream().mapToInt(ByteBuffer::remaining).sum();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      chunks.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    onClose.run();
  }
}
