package io.dragonfly.internal.transfer.intake;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.internal.writing.BufferPool;
import io.dragonfly.internal.writing.DiskWriter;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Takes in the bytes of one piece, in order: copies each once, hashes it, and hands it to the disk
 * writer. Bytes come from one thread at a time; {@link #abandon} may be called from any.
 */
public final class PieceIntake implements DiskWriter.Writing {
  private final StoredTask stored;
  private final int piece;
  private final ByteRange range;
  private final BufferPool pool;
  private final DiskWriter writer;
  private final MessageDigest sha = Digest.newSha256();

  @GuardedBy("this")
  private @Nullable ByteBuffer buffer;

  @GuardedBy("this")
  private boolean ended;

  @GuardedBy("this")
  private long flushed;

  private volatile boolean abandoned;
  private volatile @Nullable Exception failure;

  /**
   * Takes in a piece.
   *
   * @param range the piece's bytes; if the length is not known, at most that many come
   */
  public PieceIntake(
      StoredTask stored, int piece, ByteRange range, BufferPool pool, DiskWriter writer) {
    this.stored = stored;
    this.piece = piece;
    this.range = range;
    this.pool = pool;
    this.writer = writer;
  }

  /** Returns the number of bytes that have come. */
  public synchronized long received() {
    return flushed + (buffer == null ? 0 : buffer.position());
  }

  /** Returns the number of bytes that are still to come. */
  public long missing() {
    return range.length() - received();
  }

  /**
   * Takes in bytes; {@code data} is used up.
   *
   * @throws IllegalArgumentException if there are more than are missing
   */
  public synchronized void add(ByteBuffer data) {
    if (ended) {
      data.position(data.limit());
      return;
    }
    if (data.remaining() > range.length() - flushed - (buffer == null ? 0 : buffer.position())) {
      throw new IllegalArgumentException("more bytes than piece " + piece + " has");
    }
    while (data.hasRemaining()) {
      ByteBuffer into = buffer;
      if (into == null) {
        into = pool.take();
        buffer = into;
      }
      int bytes = Math.min(into.remaining(), data.remaining());
      into.put(into.position(), data, data.position(), bytes);
      into.position(into.position() + bytes);
      data.position(data.position() + bytes);
      if (!into.hasRemaining()) {
        flush(into);
      }
    }
  }

  /** Sends what has come on its way to the disk, and so holds no buffer until more comes. */
  public synchronized void flush() {
    if (buffer != null) {
      flush(buffer);
    }
  }

  /** Says that no more bytes come and returns the digest of those that came. */
  public synchronized Digest finish() {
    flush();
    ended = true;
    return Digest.of(sha);
  }

  /**
   * Seals the piece when all is written. The future fails if it was not: with what the store threw,
   * or because somebody else has brought the piece meanwhile and then lost it.
   */
  public CompletableFuture<Void> seal(Digest digest) {
    return writer.seal(this, stored, piece, digest);
  }

  /** The same, but leaves the piece unsealed: nobody sees it. */
  public CompletableFuture<Void> keep() {
    return writer.run(stored, this::throwIfFailed);
  }

  /** Forgets the piece. Nothing of it is written from now on, except what is being written. */
  public synchronized void abandon() {
    abandoned = true;
    ended = true;
    if (buffer != null) {
      pool.give(buffer);
      buffer = null;
    }
  }

  @GuardedBy("this")
  private void flush(ByteBuffer full) {
    full.flip();
    sha.update(full.duplicate());
    long offset = range.start() + flushed;
    flushed += full.remaining();
    buffer = null;
    writer.write(this, stored, offset, full);
  }

  @Override
  public boolean mayBeWritten() {
    if (abandoned || failure != null) {
      return false;
    }
    if (stored.has(piece)) {
      // Another parent was faster. Should its piece be withdrawn again, ours is not there.
      failure = new IOException("piece " + piece + " came from another parent");
      return false;
    }
    return true;
  }

  @Override
  public void written(ByteBuffer data) {
    pool.give(data);
  }

  @Override
  public void fail(Exception e) {
    failure = e;
  }

  @Override
  public void throwIfFailed() throws Exception {
    if (abandoned) {
      throw new IOException("piece " + piece + " is no longer wanted");
    }
    if (failure != null) {
      throw failure;
    }
  }
}
