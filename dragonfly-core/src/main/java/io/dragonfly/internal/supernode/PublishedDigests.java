package io.dragonfly.internal.supernode;

import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceDigests;
import java.util.Arrays;
import java.util.BitSet;

/**
 * The digests of a task's pieces as they become known. Those from piece 0 on without a gap are
 * published; peers are told of no others. Not safe for concurrent use.
 */
final class PublishedDigests {
  private final BitSet known = new BitSet();
  private byte[] list = new byte[0];
  private int published;

  /** Adds a digest. One that is there already stays. */
  void add(int piece, Digest digest) {
    if (known.get(piece)) {
      return;
    }
    int end = (piece + 1) * PieceDigests.BYTES;
    if (list.length < end) {
      list = Arrays.copyOf(list, Math.max(end, 2 * list.length));
    }
    System.arraycopy(digest.bytes(), 0, list, end - PieceDigests.BYTES, PieceDigests.BYTES);
    known.set(piece);
    published = known.nextClearBit(published);
  }

  /** Returns the number of published digests. */
  int published() {
    return published;
  }

  /** Returns published digests from a piece on, at most this many. */
  PieceDigests from(int first, int most) {
    int end = (int) Math.min(published, (long) first + most);
    if (end <= first) {
      return PieceDigests.NONE;
    }
    return new PieceDigests(
        first, Arrays.copyOfRange(list, first * PieceDigests.BYTES, end * PieceDigests.BYTES));
  }
}
