package io.dragonfly.task;

import java.util.OptionalLong;

/**
 * How a content is cut into pieces. The length may be unknown while a source without Content-Length
 * is read; it is learned at the end. Immutable.
 *
 * @param pieceLength bytes of each piece but the last, a power of two
 * @param length bytes of the whole content, if they are known
 */
public record PieceLayout(int pieceLength, OptionalLong length) {
  /** Shortest piece: 128 KiB. */
  public static final int MIN_PIECE_LENGTH = 128 << 10;

  /** Longest piece: 16 MiB. */
  public static final int MAX_PIECE_LENGTH = 16 << 20;

  /** Length of pieces where the content's length is not known beforehand: 1 MiB. */
  public static final int UNKNOWN_LENGTH_PIECE = 1 << 20;

  /** More than this many pieces are never made: with 16 MiB pieces that is 16 TiB. */
  public static final int MAX_PIECES = 1 << 20;

  /**
   * Checks both parts.
   *
   * @throws IllegalArgumentException if the piece length is no power of two between {@link
   *     #MIN_PIECE_LENGTH} and {@link #MAX_PIECE_LENGTH}, or the length is negative or needs more
   *     than {@link #MAX_PIECES}
   */
  public PieceLayout {
    if (pieceLength < MIN_PIECE_LENGTH
        || pieceLength > MAX_PIECE_LENGTH
        || Integer.bitCount(pieceLength) != 1) {
      throw new IllegalArgumentException("piece length %d is not allowed".formatted(pieceLength));
    }
    if (length.isPresent()
        && (length.getAsLong() < 0 || length.getAsLong() > (long) MAX_PIECES * pieceLength)) {
      throw new IllegalArgumentException("length %d is not allowed".formatted(length.getAsLong()));
    }
  }

  /** The layout of a content of {@code length} bytes: about 512 pieces within the bounds. */
  public static PieceLayout of(long length) {
    long wanted = Math.max(1, (length + 511) / 512);
    long power = Long.highestOneBit(wanted);
    if (power < wanted) {
      power <<= 1;
    }
    long piece = Math.max(MIN_PIECE_LENGTH, Math.min(MAX_PIECE_LENGTH, power));
    return new PieceLayout((int) piece, OptionalLong.of(length));
  }

  /** The layout of a content whose length its source does not tell. */
  public static PieceLayout ofUnknownLength() {
    return new PieceLayout(UNKNOWN_LENGTH_PIECE, OptionalLong.empty());
  }

  /**
   * Returns this layout with the length that was learned.
   *
   * @throws IllegalStateException if another length is known already
   */
  public PieceLayout withLength(long learned) {
    if (length.isPresent() && length.getAsLong() != learned) {
      throw new IllegalStateException("length is %s, not %d".formatted(length, learned));
    }
    return new PieceLayout(pieceLength, OptionalLong.of(learned));
  }

  /** Tells whether the length, and with it the number of pieces, is known. */
  public boolean isLengthKnown() {
    return length.isPresent();
  }

  /**
   * Returns the number of pieces; 0 for an empty content.
   *
   * @throws IllegalStateException if the length is not known
   */
  public int pieces() {
    return (int) ((knownLength() + pieceLength - 1) / pieceLength);
  }

  /** Tells whether a piece of this number can exist; with an unknown length each may. */
  public boolean isPiece(int piece) {
    return piece >= 0 && (isLengthKnown() ? piece < pieces() : piece < MAX_PIECES);
  }

  /**
   * Returns the bytes of a piece. While the length is unknown each counts as full.
   *
   * @throws IllegalArgumentException if there is no such piece
   */
  public ByteRange range(int piece) {
    if (!isPiece(piece)) {
      throw new IllegalArgumentException("there is no piece %d in %s".formatted(piece, this));
    }
    long start = (long) piece * pieceLength;
    long end = start + pieceLength;
    return new ByteRange(start, isLengthKnown() ? Math.min(end, knownLength()) : end);
  }

  /**
   * Returns the pieces that the bytes of a range lie in. A range that is open, or that ends behind
   * the last byte that a content may have, reaches as far as {@link PieceSpan#ALL}.
   */
  public PieceSpan span(ByteRange range) {
    if (range.isEmpty()) {
      return PieceSpan.NONE;
    }
    long first = Math.min(range.start() / pieceLength, MAX_PIECES - 1);
    long end = range.isOpen() ? MAX_PIECES : (range.end() - 1) / pieceLength + 1;
    return new PieceSpan((int) first, end < MAX_PIECES ? (int) end : PieceSpan.ALL.end());
  }

  /** Returns the piece that the byte at {@code offset} lies in. */
  public int pieceAt(long offset) {
    return Math.toIntExact(offset / pieceLength);
  }

  private long knownLength() {
    return length.orElseThrow(() -> new IllegalStateException("the length is not known yet"));
  }
}
