package io.dragonfly.internal.storage;

import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceDigests;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;

/** Which pieces of a task are sealed, and the digests known for them. Safe for concurrent use. */
final class PieceSet {
  private final BitSet sealed = new BitSet();
  private final BitSet known = new BitSet();
  private byte[] digests = new byte[0];

  synchronized void seal(int piece, byte[] digest) {
    int at = piece * PieceDigests.BYTES;
    if (digests.length < at + PieceDigests.BYTES) {
      digests = Arrays.copyOf(digests, Math.max(2 * digests.length, at + PieceDigests.BYTES));
    }
    System.arraycopy(digest, 0, digests, at, PieceDigests.BYTES);
    known.set(piece);
    sealed.set(piece);
  }

  /** Withdraws a piece and tells whether it was sealed. Its digest stays known. */
  synchronized boolean unseal(int piece) {
    boolean was = sealed.get(piece);
    sealed.clear(piece);
    return was;
  }

  synchronized boolean has(int piece) {
    return sealed.get(piece);
  }

  /** Tells whether each piece from {@code first} to {@code last} is sealed. */
  synchronized boolean hasAll(int first, int last) {
    return sealed.nextClearBit(first) > last;
  }

  /** Tells whether a piece from {@code first} to {@code last} is sealed. */
  synchronized boolean hasAny(int first, int last) {
    int next = sealed.nextSetBit(first);
    return next >= 0 && next <= last;
  }

  synchronized BitSet sealed() {
    return (BitSet) sealed.clone();
  }

  /** Returns the pieces whose digests are known, sealed or not. */
  synchronized BitSet known() {
    return (BitSet) known.clone();
  }

  synchronized int count() {
    return sealed.cardinality();
  }

  /** Returns the number of the last sealed piece, or -1. */
  synchronized int last() {
    return sealed.length() - 1;
  }

  synchronized Optional<Digest> digest(int piece) {
    if (piece < 0 || !known.get(piece)) {
      return Optional.empty();
    }
    int at = piece * PieceDigests.BYTES;
    return Optional.of(Digest.sha256(Arrays.copyOfRange(digests, at, at + PieceDigests.BYTES)));
  }
}
