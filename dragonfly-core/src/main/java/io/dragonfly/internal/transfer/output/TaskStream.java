package io.dragonfly.internal.transfer.output;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.FetchCancelledException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Objects;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a caller reads while the rest arrives. The reader only waits and copies memory: the bytes
 * come from a {@link StreamFeed} that reads the store on threads of its own.
 */
final class TaskStream extends InputStream {
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Consumer<ByteBuffer> onRead;
  private final Runnable onClose;

  @GuardedBy("lock")
  private final Deque<ByteBuffer> chunks = new ArrayDeque<>();

  /** What the reader has taken and not read yet; the reader's alone. */
  private ByteBuffer current = ByteBuffer.allocate(0);

  @GuardedBy("lock")
  private boolean ended;

  @GuardedBy("lock")
  private boolean closed;

  @GuardedBy("lock")
  private @Nullable DistributionException failure;

  /**
   * A stream.
   *
   * @param onRead is given, when the reader takes a chunk, the one before, which is nobody's then
   * @param onClose is told once when the reader has closed it
   */
  TaskStream(Consumer<ByteBuffer> onRead, Runnable onClose) {
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
    if (!takeChunk()) {
      return -1;
    }
    int count = Math.min(length, current.remaining());
    current.get(into, offset, count);
    return count;
  }

  @Override
  public long transferTo(OutputStream out) throws IOException {
    long count = 0;
    while (takeChunk()) {
      int length = current.remaining();
      int offset = current.arrayOffset() + current.position();
      current.position(current.limit());
      out.write(current.array(), offset, length);
      count += length;
    }
    return count;
  }

  /** Sees to it that something is in {@link #current}; returns false at the end. */
  private boolean takeChunk() throws IOException {
    ByteBuffer chunk;
    boolean isNext;
    lock.lock();
    try {
      checkOpen();
      isNext = !current.hasRemaining();
      chunk = isNext ? awaitChunk() : current;
    } finally {
      lock.unlock();
    }
    if (chunk == null) {
      return false;
    }
    if (isNext) {
      ByteBuffer spent = current;
      current = chunk;
      onRead.accept(spent);
    }
    return true;
  }

  @GuardedBy("lock")
  private void checkOpen() throws IOException {
    if (closed) {
      throw new IOException("the stream is closed");
    }
  }

  @GuardedBy("lock")
  private @Nullable ByteBuffer awaitChunk() throws IOException {
    while (true) {
      checkOpen();
      ByteBuffer chunk = chunks.pollFirst();
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
      int waiting = chunks.stream().mapToInt(ByteBuffer::remaining).sum();
      return closed ? 0 : current.remaining() + waiting;
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
