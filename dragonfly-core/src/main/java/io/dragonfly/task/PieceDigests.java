package io.dragonfly.task;

import java.util.Arrays;

/**
 * The SHA-256 digests of consecutive pieces, in one compact list. Immutable.
 *
 * <p>A supernode reads a source from its beginning, so what it knows is always a list from piece 0
 * on, and what a peer still lacks is a tail of that list.
 */
public final class PieceDigests {
  /** Bytes of one digest. */
  public static final int BYTES = 32;

  /** No digest. */
  public static final PieceDigests NONE = new PieceDigests(0, new byte[0]);

  private final int first;
  private final byte[] list;

  /**
   * Wraps digests.
   *
   * @param first the piece that the first digest belongs to
   * @param list the digests one after the other, 32 bytes each
   * @throws IllegalArgumentException if the number is negative or the list has a broken digest
   */
  public PieceDigests(int first, byte[] list) {
    if (first < 0 || list.length % BYTES != 0) {
      throw new IllegalArgumentException(
          "no list of digests: %d bytes from piece %d".formatted(list.length, first));
    }
    this.first = first;
    this.list = list.clone();
  }

  /** Returns the piece that the first digest belongs to. */
  public int first() {
    return first;
  }

  /** Returns how many digests there are. */
  public int count() {
    return list.length / BYTES;
  }

  /** Returns the piece after the last. */
  public int end() {
    return first + count();
  }

  /**
   * Returns the digest of a piece, by its number in the task.
   *
   * @throws IndexOutOfBoundsException if it is not in this list
   */
  public Digest digest(int piece) {
    int at = Math.multiplyExact(piece - first, BYTES);
    if (at < 0 || at >= list.length) {
      throw new IndexOutOfBoundsException("piece %d is not in %s".formatted(piece, this));
    }
    return Digest.sha256(Arrays.copyOfRange(list, at, at + BYTES));
  }

  /** Returns a copy of the list, 32 bytes for each digest. */
  public byte[] list() {
    return list.clone();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PieceDigests digests
        && digests.first == first
        && Arrays.equals(digests.list, list);
  }

  @Override
  public int hashCode() {
    return 31 * first + Arrays.hashCode(list);
  }

  @Override
  public String toString() {
    return "digests of pieces %d to %d".formatted(first, end() - 1);
  }
}
