package io.dragonfly.task;

/**
 * Consecutive pieces of a task, from {@code first} on and before {@code end}. May be empty.
 *
 * @param first number of the first piece
 * @param end number of the piece after the last; may lie behind the task's end
 */
public record PieceSpan(int first, int end) {
  /** No piece: the taker has enough for now, or only gives. */
  public static final PieceSpan NONE = new PieceSpan(0, 0);

  /** Every piece, however many there will be. */
  public static final PieceSpan ALL = new PieceSpan(0, Integer.MAX_VALUE);

  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException unless {@code 0 <= first <= end}
   */
  public PieceSpan {
    if (first < 0 || end < first) {
      throw new IllegalArgumentException("no span of pieces: from %d to %d".formatted(first, end));
    }
  }

  /** Tells whether the piece lies in this span. */
  public boolean contains(int piece) {
    return first <= piece && piece < end;
  }

  /** Tells whether there is no piece in this span. */
  public boolean isEmpty() {
    return first == end;
  }
}
