package io.dragonfly.internal.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
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
 * that somebody complains of. Once {@link #MOST_DAMAGED} were found damaged, all are: a disk that
 * has lost some bytes has rarely lost only those. Safe for concurrent use.
 */
final class PieceChecks {
  /** So many damaged pieces may be bad luck. */
  static final int MOST_DAMAGED = 3;

  private final DataFile data;
  private final TaskFile taskFile;
  private final PieceSet pieces;
  private final Owner owner;

  @GuardedBy("this")
  private final BitSet unverified;

  /** Damaged pieces, until so many were found that all have been verified. */
  @GuardedBy("this")
  private int damaged;

  /** The task whose pieces these are. Called without a lock. */
  interface Owner {
    /** Withdraws a piece. */
    void unseal(int piece) throws IOException;

    /** Each piece that was suspect has been read or withdrawn. */
    void allVerified();

    /** So many pieces were damaged that all are suspect, for later processes too. */
    void allSuspect();
  }

  /**
   * The checks of one task.
   *
   * @param unverified pieces of an earlier boot
   */
  PieceChecks(DataFile data, TaskFile taskFile, PieceSet pieces, BitSet unverified, Owner owner) {
    this.data = data;
    this.taskFile = taskFile;
    this.pieces = pieces;
    this.unverified = (BitSet) unverified.clone();
    this.owner = owner;
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
      foundDamaged();
      owner.unseal(piece);
    }
    return good;
  }

  /** Before the piece is settled: as long as others are suspect, not all are verified. */
  private void foundDamaged() {
    boolean isOneTooMany;
    synchronized (this) {
      damaged++;
      isOneTooMany = damaged == MOST_DAMAGED;
      if (isOneTooMany) {
        unverified.or(pieces.sealed());
      }
    }
    if (isOneTooMany) {
      owner.allSuspect();
    }
  }

  /** Unseals the pieces that a copy of the data has wrong. */
  void unsealBad(Path copy) throws IOException {
    for (int piece : pieces.sealed().stream().toArray()) {
      if (!matches(copy, piece)) {
        owner.unseal(piece);
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
      if (wasLast && damaged >= MOST_DAMAGED) {
        damaged = 0;
      }
    }
    if (wasLast) {
      owner.allVerified();
    }
  }
}
