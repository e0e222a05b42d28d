package io.dragonfly.internal.cdn;

import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.BitSet;
import java.util.Optional;
import java.util.Set;

/**
 * A ring as those see it who expect a task of a store. Has no state of its own. Safe for concurrent
 * use, as the ring is.
 */
abstract sealed class RelayTask implements StoredTask {
  final RelayBuffer ring;

  private RelayTask(RelayBuffer ring) {
    this.ring = ring;
  }

  @Override
  public final Task task() {
    return ring.task();
  }

  @Override
  public final Optional<Digest> digest(int piece) {
    return ring.digest(piece);
  }

  @Override
  public final PieceRegion region(ByteRange range) throws IOException {
    return ring.region(range);
  }

  @Override
  public final void suspect(int piece) {
    ring.disk().ifPresent(stored -> stored.suspect(piece));
  }

  @Override
  public final void unseal(int piece) throws IOException {
    ring.lose(piece);
  }

  @Override
  public final void deliver(Path target, Optional<Set<PosixFilePermission>> mode)
      throws IOException {
    throw new IOException("what is only passed on is never there as a whole");
  }

  /**
   * What the source is read into. A piece that was read is there, even when its bytes have gone
   * since, so it is not read again.
   */
  static final class Reading extends RelayTask {
    Reading(RelayBuffer ring) {
      super(ring);
    }

    @Override
    public void learnLength(long length) {
      ring.learnLength(length);
    }

    @Override
    public void write(long offset, ByteBuffer data) {
      ring.write(offset, data);
    }

    @Override
    public void seal(int piece, Digest digest) throws IOException {
      ring.seal(piece, digest);
    }

    @Override
    public boolean has(int piece) {
      return ring.wasRead(piece);
    }

    @Override
    public BitSet pieces() {
      return ring.readPieces();
    }
  }

  /** What peers are given. A piece is there while its bytes are. */
  static final class Serving extends RelayTask {
    Serving(RelayBuffer ring) {
      super(ring);
    }

    @Override
    public void learnLength(long length) throws IOException {
      throw readOnly();
    }

    @Override
    public void write(long offset, ByteBuffer data) throws IOException {
      throw readOnly();
    }

    @Override
    public void seal(int piece, Digest digest) throws IOException {
      throw readOnly();
    }

    private static IOException readOnly() {
      return new IOException("peers are given what others have read");
    }

    @Override
    public boolean has(int piece) {
      return ring.holds(piece);
    }

    @Override
    public BitSet pieces() {
      return ring.heldPieces();
    }

    @Override
    public boolean isCold(ByteRange range) {
      return ring.disk()
          .filter(stored -> isThere(stored, range) && stored.isCold(range))
          .isPresent();
    }

    @Override
    public void readAhead(ByteRange range) throws IOException {
      Optional<StoredTask> stored = ring.disk().filter(disk -> isThere(disk, range));
      if (stored.isPresent()) {
        stored.get().readAhead(range);
      }
    }

    /** What is not on the disk is in memory. */
    private static boolean isThere(StoredTask stored, ByteRange range) {
      return stored.has(stored.task().layout().pieceAt(range.start()));
    }

    @Override
    public boolean isSuspect(ByteRange range) {
      return ring.disk().filter(stored -> stored.isSuspect(range)).isPresent();
    }
  }
}
