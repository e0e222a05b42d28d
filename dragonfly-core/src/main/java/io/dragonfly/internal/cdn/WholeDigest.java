package io.dragonfly.internal.cdn;

import io.dragonfly.error.DigestMismatchException;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Task;
import java.io.IOException;
import java.security.MessageDigest;

/**
 * The digest of a whole content, computed piece by piece while it is read. It steps back to the
 * last whole piece when a read breaks off in the middle of one. Belongs to one thread at a time.
 */
final class WholeDigest {
  private final Digest expected;
  private MessageDigest committed;
  private MessageDigest running;
  private int pieces;

  WholeDigest(Digest expected) {
    this.expected = expected;
    this.committed = Digest.newMessageDigest(expected.algorithm());
    this.running = copy(committed);
  }

  /**
   * Checks the digest of a task that has no bytes; does nothing for others.
   *
   * @throws DigestMismatchException if another one was asked for
   */
  static void checkEmpty(Task task) {
    if (task.layout().length().orElse(-1) == 0) {
      task.digest().ifPresent(expected -> checkEmpty(task, expected));
    }
  }

  private static void checkEmpty(Task task, Digest expected) {
    Digest empty = Digest.of(Digest.newMessageDigest(expected.algorithm()));
    if (!empty.equals(expected)) {
      throw new DigestMismatchException(
          "Task %s is empty, but digest %s was asked for. Update the digest in the request."
              .formatted(task.id().brief(), expected));
    }
  }

  /**
   * Prepares for the bytes of {@code piece}: takes in from the store what comes before it.
   *
   * @return whether the store had it all; if not, a damaged piece is unsealed now
   */
  boolean startAt(StoredTask stored, int piece) throws IOException {
    if (piece < pieces) {
      committed = Digest.newMessageDigest(expected.algorithm());
      pieces = 0;
    }
    running = copy(committed);
    while (pieces < piece) {
      if (!StoredPieces.isIntact(stored, pieces, running)) {
        stored.unseal(pieces);
        return false;
      }
      commit();
    }
    return true;
  }

  void update(byte[] bytes, int offset, int length) {
    running.update(bytes, offset, length);
  }

  /** A piece ended here. */
  void commit() {
    committed = running;
    running = copy(committed);
    pieces++;
  }

  Digest expected() {
    return expected;
  }

  /** Returns the digest of all bytes so far. */
  Digest soFar() {
    return Digest.of(copy(running));
  }

  private static MessageDigest copy(MessageDigest digest) {
    try {
      return (MessageDigest) digest.clone();
    } catch (CloneNotSupportedException e) {
      throw new IllegalStateException("this Java runtime cannot copy " + digest.getAlgorithm(), e);
    }
  }
}
