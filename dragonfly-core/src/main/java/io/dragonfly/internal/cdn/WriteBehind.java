package io.dragonfly.internal.cdn;

import io.dragonfly.internal.writing.BufferPool;
import io.dragonfly.internal.writing.DiskWriter;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Digest;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/**
 * Puts the pieces of one stretch into the store behind its reader's back, so that a source is read
 * on while the disk is slow, as far as the buffers go. Belongs to the thread that reads; of what is
 * sealed is told on the disk writer's. Whatever fails is thrown by one of the next calls.
 */
final class WriteBehind {
  /**
   * One stretch has so many buffers at most, 4 MiB: what is read far ahead of the disk helps
   * nobody, since peers are given what is sealed.
   */
  static final int MOST_AHEAD = 16;

  private final Semaphore ahead = new Semaphore(MOST_AHEAD);
  private final StoredTask stored;
  private final Buffers buffers;
  private final Sealed sealed;
  private final Deque<CompletableFuture<Void>> sealing = new ArrayDeque<>();
  private @Nullable Part part;
  private @Nullable ByteBuffer buffer;
  private long bufferOffset;

  /**
   * What all stretches share.
   *
   * @param pool at least two buffers for each stretch: who waits for one must not wait for those
   *     that others have begun to fill
   */
  record Buffers(BufferPool pool, DiskWriter writer) {}

  /** Is told of each piece that has been sealed. */
  interface Sealed {
    void piece(int piece, Digest digest);
  }

  /** A piece on its way. */
  private final class Part implements DiskWriter.Writing {
    private volatile boolean abandoned;
    private volatile @Nullable Exception failure;

    @Override
    public boolean mayBeWritten() {
      return !abandoned && failure == null;
    }

    @Override
    public void written(ByteBuffer data) {
      buffers.pool().give(data);
      ahead.release();
    }

    @Override
    public void fail(Exception e) {
      failure = e;
    }

    @Override
    public void throwIfFailed() throws Exception {
      Exception e = failure;
      if (e != null) {
        throw e;
      }
    }
  }

  WriteBehind(StoredTask stored, Buffers buffers, Sealed sealed) {
    this.stored = stored;
    this.buffers = buffers;
    this.sealed = sealed;
  }

  /** Takes the next bytes of a piece. Waits while all buffers are in use. */
  void write(long offset, byte[] bytes, int from, int count) throws IOException {
    throwWhatFailed();
    for (int done = 0; done < count; ) {
      ByteBuffer into = buffer;
      if (into == null) {
        into = nextBuffer();
        buffer = into;
        bufferOffset = offset + done;
      }
      int some = Math.min(into.remaining(), count - done);
      into.put(bytes, from + done, some);
      done += some;
      if (!into.hasRemaining()) {
        flush();
      }
    }
  }

  private ByteBuffer nextBuffer() throws IOException {
    acquireOne();
    while (buffers.pool().isEmpty()) {
      await(buffers.pool().room(stored.task().id()));
    }
    return buffers.pool().take();
  }

  private void acquireOne() throws IOException {
    try {
      ahead.acquire();
    } catch (InterruptedException e) {
      throw interrupted();
    }
  }

  private void flush() {
    ByteBuffer full = buffer;
    if (full != null) {
      buffer = null;
      Part now = part == null ? new Part() : part;
      part = now;
      buffers.writer().write(now, stored, bufferOffset, full.flip());
    }
  }

  /** Seals the piece whose bytes have come, when they are written. */
  void seal(int piece, Digest digest) {
    flush();
    Part whole = part;
    if (whole == null) {
      throw new IllegalStateException("no byte of piece " + piece + " has come");
    }
    part = null;
    sealing.add(
        buffers
            .writer()
            .seal(whole, stored, piece, digest)
            .thenRun(() -> sealed.piece(piece, digest)));
  }

  /** Waits until all pieces are sealed. */
  void finish() throws IOException {
    while (!sealing.isEmpty()) {
      await(sealing.removeFirst());
    }
  }

  private void throwWhatFailed() throws IOException {
    while (!sealing.isEmpty() && sealing.getFirst().isDone()) {
      await(sealing.removeFirst());
    }
  }

  /** Waits until all that has come is written; the piece that is not sealed may be still. */
  void pause() {
    flush();
    awaitWritten();
  }

  /** Forgets the piece that is not whole, and waits until nothing is written any more. */
  void end() {
    Part left = part;
    if (left != null) {
      left.abandoned = true;
      part = null;
    }
    ByteBuffer begun = buffer;
    if (begun != null) {
      buffers.pool().give(begun);
      ahead.release();
      buffer = null;
    }
    sealing.clear();
    awaitWritten();
  }

  /** The next read may begin with the very pieces that are on their way. */
  private void awaitWritten() {
    buffers.writer().run(stored, () -> {}).handle((done, failure) -> true).join();
  }

  private static void await(Future<Void> future) throws IOException {
    try {
      future.get();
    } catch (InterruptedException e) {
      throw interrupted();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw asIoException(cause == null ? e : cause);
    }
  }

  private static IOException interrupted() {
    Thread.currentThread().interrupt();
    return new InterruptedIOException("the read was interrupted");
  }

  private static IOException asIoException(Throwable failure) {
    if (failure instanceof RuntimeException e) {
      throw e;
    }
    if (failure instanceof Error e) {
      throw e;
    }
    return failure instanceof IOException e ? e : new IOException(failure);
  }
}
