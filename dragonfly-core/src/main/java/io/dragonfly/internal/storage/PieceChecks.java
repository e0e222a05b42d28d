package io.dragonfly.internal.storage;

import io.dragonfly.task.ByteRange;
import io.dragonfly.task.PieceLayout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Knows which pieces of a task must be read before anybody gets them: those of an earlier boot, of
 * which nobody knows what the disk has kept, those of a file that somebody has changed, and those
 * that somebody complains of. Safe for concurrent use.
 */
final class PieceChecks {
  private final DataFile data;
  private final TaskFile taskFile;
  private final PieceSet pieces;
  private final PieceUnsealer unsealer;
  private final Runnable allVerified;
  private final BitSet unverified;

  /** Withdraws a piece. */
  interface PieceUnsealer {
    void unseal(int piece) throws IOException;
  }

  /**
   * The checks of one task.
   *
   * @param unverified pieces of an earlier boot
   * @param allVerified run whenever each piece that was suspect has been read or withdrawn
   */
  PieceChecks(
      DataFile data,
      TaskFile taskFile,
      PieceSet pieces,
      BitSet unverified,
      PieceUnsealer unsealer,
      Runnable allVerified) {
    this.data = data;
    this.taskFile = taskFile;
    this.pieces = pieces;
    this.unverified = (BitSet) unverified.clone();
    this.unsealer = unsealer;
    this.allVerified = allVerified;
  }

  private PieceLayout layout() {
    return taskFile.record().task().layout();
  }

  /** Has a piece read before anybody gets it again. */
  synchronized void suspect(int piece) {
    if (pieces.has(piece)) {
      unverified.set(piece);
    }
  }

  /** Tells whether {@link #check} would read anything. */
  boolean isSuspect(ByteRange range) {
    if (range.length() == 0) {
      return false;
    }
    int first = layout().pieceAt(range.start());
    int last = layout().pieceAt(range.end() - 1);
    if (isAnyUnverified(first, last)) {
      return true;
    }
    if (!data.isWatched()) {
      return false;
    }
    try {
      Optional<FileStamp> difference = data.difference();
      return difference.isPresent()
          && !IntStream.rangeClosed(first, last)
              .allMatch(piece -> data.isKnownGood(difference.get(), piece));
    } catch (IOException e) {
      return true; // the check will say why
    }
  }

  /**
   * Reads what is suspect in a range.
   *
   * @throws IOException if a piece is not what was sealed: it is unsealed now
   */
  void check(ByteRange range) throws IOException {
    if (range.length() == 0) {
      return;
    }
    Optional<FileStamp> difference = data.difference();
    int last = layout().pieceAt(range.end() - 1);
    for (int piece = layout().pieceAt(range.start()); piece <= last; piece++) {
      if (isSuspect(piece, difference) && !isGood(piece, difference)) {
        throw new IOException(
            "piece %d of task %s was changed on the disk"
                .formatted(piece, taskFile.record().task().id().brief()));
      }
    }
  }

  /**
   * Reads all that is suspect, so that the file can be handed out.
   *
   * @throws IOException if pieces are not what was sealed: they are unsealed now
   */
  void checkAll() throws IOException {
    Optional<FileStamp> difference = data.difference();
    boolean bad = false;
    for (int piece : pieces.sealed().stream().toArray()) {
      bad |= isSuspect(piece, difference) && !isGood(piece, difference);
    }
    if (bad || (difference.isPresent() && data.isLongerThan(layout()))) {
      throw new IOException(
          "pieces of task %s were changed on the disk"
              .formatted(taskFile.record().task().id().brief()));
    }
    if (difference.isPresent()) {
      data.accept(difference.get());
    }
  }

  private boolean isSuspect(int piece, Optional<FileStamp> difference) {
    return isAnyUnverified(piece, piece)
        || difference.filter(stamp -> !data.isKnownGood(stamp, piece)).isPresent();
  }

  private boolean isGood(int piece, Optional<FileStamp> difference) throws IOException {
    boolean good = matches(data.path(), piece);
    if (good) {
      difference.ifPresent(stamp -> data.knownGood(stamp, piece));
      settled(piece);
    } else {
      unsealer.unseal(piece);
    }
    return good;
  }

  /** Unseals the pieces that a copy of the data has wrong. */
  void unsealBad(Path copy) throws IOException {
    for (int piece : pieces.sealed().stream().toArray()) {
      if (!matches(copy, piece)) {
        unsealer.unseal(piece);
      }
    }
  }

  private boolean matches(Path file, int piece) throws IOException {
    return data.matches(file, layout().range(piece), pieces.digest(piece).orElseThrow());
  }

  private synchronized boolean isAnyUnverified(int first, int last) {
    int next = unverified.nextSetBit(first);
    return next >= 0 && next <= last;
  }

  /** A piece has been read or withdrawn: there is nothing left to find out about it. */
  void settled(int piece) {
    boolean wasLast;
    synchronized (this) {
      wasLast = unverified.get(piece) && unverified.cardinality() == 1;
      unverified.clear(piece);
    }
    if (wasLast) {
      allVerified.run();
    }
  }
}
