package io.dragonfly.control;

/**
 * Pieces to download from a parent: {@code first}, {@code first + step}, and so on, {@code count}
 * pieces in this order.
 *
 * @param first the first piece
 * @param step difference between one number and the next, at least 1
 * @param count number of pieces, at least 1
 * @param parent the {@link Parent#number} of the parent
 */
public record Assignment(int first, int step, int count, int parent) {
  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if a number is too small, or the number of the last piece
   *     overflows
   */
  public Assignment {
    if (first < 0 || step < 1 || count < 1 || parent < 0) {
      throw new IllegalArgumentException(
          "no assignment: %d pieces from %d, step %d, parent %d"
              .formatted(count, first, step, parent));
    }
    if (first + (long) (count - 1) * step > Integer.MAX_VALUE) {
      throw new IllegalArgumentException("the assignment's last piece has no number");
    }
  }

  /** Returns the number of the piece at an index, from 0. */
  public int piece(int index) {
    return first + index * step;
  }
}
