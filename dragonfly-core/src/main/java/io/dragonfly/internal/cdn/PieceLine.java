package io.dragonfly.internal.cdn;

import io.dragonfly.error.DigestMismatchException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.StorageException;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Takes a stretch of a content's bytes in order, cuts it into pieces, and puts them into the store.
 * Pieces that are there already are compared instead. The last piece of a content is sealed only
 * when the stretch has ended as it should, where the whole content's digest is known only if that
 * matches, and not before {@link #complete}: so a content that is sealed to its end is right.
 * Belongs to one read.
 */
final class PieceLine {
  private final Place place;
  private final @Nullable WriteBehind behind;
  private final @Nullable WholeDigest whole;
  private final MessageDigest sha = Digest.newSha256();
  private int piece;
  private long offset;

  /** Whether the piece was missing when its first byte came: a part of it must not be written. */
  private boolean isMissing;

  /** A piece that is complete, and may be the last of a content whose length is not known yet. */
  private @Nullable Digest held;

  /** Where the pieces go. */
  interface Place {
    /** Returns the store, which may be another one after each of the other calls. */
    StoredTask stored();

    /** A piece has been sealed. On this thread, unless that is done behind it. */
    void sealed(int piece, Digest digest);

    /**
     * There is no room for a piece of which nothing is written. Not asked of what is written behind
     * this thread: then it is too late.
     *
     * @return whether there may be now
     */
    boolean makeRoom(NoSpaceException lacking);
  }

  /**
   * A line that starts at the first byte of a piece.
   *
   * @param behind writes what comes, if that is not to be done by this thread
   * @param whole prepared for that piece; absent if the whole content need not be checked
   */
  PieceLine(Place place, int piece, Optional<WriteBehind> behind, Optional<WholeDigest> whole) {
    this.place = place;
    this.behind = behind.orElse(null);
    this.piece = piece;
    this.offset = startOf(piece);
    this.whole = whole.orElse(null);
  }

  private StoredTask stored() {
    return place.stored();
  }

  private long startOf(int number) {
    return (long) number * stored().task().layout().pieceLength();
  }

  /** Returns where in the content the next byte belongs. */
  long offset() {
    return offset;
  }

  /**
   * Takes the next bytes.
   *
   * @throws SourceChangedException if a piece is not what it was when it was read before
   * @throws StorageException if they cannot be kept
   */
  void accept(byte[] bytes, int count) {
    for (int done = 0; done < count; ) {
      sealHeld();
      PieceLayout layout = stored().task().layout();
      if (!layout.isPiece(piece)) {
        throw new SourceChangedException(
            "The source brought more than the %d bytes of task %s."
                .formatted(offset, stored().task().id().brief()));
      }
      long left = layout.range(piece).end() - offset;
      int part = (int) Math.min(left, count - done);
      keep(bytes, done, part);
      done += part;
      if (part == left) {
        pieceEnds(layout);
      }
    }
  }

  private void keep(byte[] bytes, int from, int count) {
    if (offset == startOf(piece)) {
      isMissing = !stored().has(piece);
    }
    if (isMissing) {
      write(bytes, from, count);
    }
    sha.update(bytes, from, count);
    if (whole != null) {
      whole.update(bytes, from, count);
    }
    offset += count;
  }

  private void write(byte[] bytes, int from, int count) {
    WriteBehind writer = behind;
    if (writer != null) {
      inStore(() -> writer.write(offset, bytes, from, count));
      return;
    }
    try {
      inStore(() -> stored().write(offset, ByteBuffer.wrap(bytes, from, count)));
    } catch (NoSpaceException e) {
      // In the middle of a piece it is too late: what came before cannot be had once more.
      if (offset > startOf(piece) || !place.makeRoom(e)) {
        throw e;
      }
      inStore(() -> stored().write(offset, ByteBuffer.wrap(bytes, from, count)));
    }
  }

  private void pieceEnds(PieceLayout layout) {
    Digest digest = Digest.of(sha);
    if (!layout.isLengthKnown() || offset == layout.length().getAsLong()) {
      held = digest; // it may be the last
    } else {
      seal(digest);
    }
  }

  private void sealHeld() {
    if (held != null) {
      seal(held);
    }
  }

  /**
   * The source has no more bytes in this stretch.
   *
   * @param end where the stretch was to end, if that was known
   * @return whether the content ends here too: then it is to be completed
   * @throws EOFException if it ended too early
   * @throws DigestMismatchException if the whole content is not what was asked for
   */
  boolean end(OptionalLong end) throws EOFException {
    if (end.isPresent() && offset != end.getAsLong()) {
      throw new EOFException(
          "the source ended at byte %d and not at %d".formatted(offset, end.getAsLong()));
    }
    PieceLayout layout = stored().task().layout();
    if (layout.isLengthKnown() && offset != layout.length().getAsLong()) {
      awaitSealed();
      return false; // there is more to come, in another stretch
    }
    checkWhole();
    return true;
  }

  /** Tells whether the content's last piece was sealed once, so that its digest is known. */
  boolean knowsLast() {
    PieceLayout layout = stored().task().layout();
    return layout.isLengthKnown()
        && (layout.pieces() == 0 || stored().digest(layout.pieces() - 1).isPresent());
  }

  /** All has come and is what it should be: seals the last piece. */
  void complete() {
    if (!stored().task().layout().isLengthKnown()) {
      inStore(() -> stored().learnLength(offset));
    }
    if (held == null && offset > startOf(piece)) {
      held = Digest.of(sha);
    }
    sealHeld();
    awaitSealed();
  }

  private void awaitSealed() {
    WriteBehind writer = behind;
    if (writer != null) {
      inStore(writer::finish);
    }
  }

  /**
   * Ends the stretch, however it went: nothing of it is written from here on.
   *
   * @param mayComplete whether the last piece is kept, for {@link #complete}
   */
  void close(boolean mayComplete) {
    if (behind != null && mayComplete) {
      behind.pause();
    } else if (behind != null) {
      behind.end();
    }
  }

  private void checkWhole() {
    if (whole != null && !whole.soFar().equals(whole.expected())) {
      throw new DigestMismatchException(
          ("Task %s has digest %s, but %s was asked for. The source has probably changed: update"
                  + " the digest in the request, or use a URL that names one version.")
              .formatted(stored().task().id().brief(), whole.soFar(), whole.expected()));
    }
  }

  private void seal(Digest digest) {
    held = null;
    Optional<Digest> before = stored().digest(piece);
    if (before.isPresent() && !before.get().equals(digest)) {
      throw new SourceChangedException(
          "Piece %d of task %s is not what it was when it was read before. Ask again."
              .formatted(piece, stored().task().id().brief()));
    }
    if (isMissing) { // if it is lost only now, another read brings it
      sealMissing(piece, digest);
    }
    if (whole != null) {
      whole.commit();
    }
    piece++;
  }

  private void sealMissing(int number, Digest digest) {
    if (behind != null) {
      behind.seal(number, digest);
    } else {
      inStore(() -> stored().seal(number, digest));
      place.sealed(number, digest);
    }
  }

  private interface StoreCall {
    void run() throws IOException;
  }

  private void inStore(StoreCall call) {
    try {
      call.run();
    } catch (DistributionException e) {
      throw e;
    } catch (IOException e) {
      throw new StorageException(
          "Task %s cannot be kept: %s. Check the disk."
              .formatted(stored().task().id().brief(), e.getMessage()),
          e);
    }
  }
}
