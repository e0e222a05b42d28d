package io.dragonfly.control;

/**
 * Pieces to take from a parent: {@code first}, {@code first + step}, and so on, {@code count} in
 * all, in this order.
 *
 * @param first the first piece
 * @param step from one to the next, at least 1
 * @param count how many, at least 1
 * @param parent the {@link Parent#number} to take them from
 */
public record Assignment(int first, int step, int count, int parent) {
  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException if one is too small, or the last piece's number overflows
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

  /** Returns the number of the piece at {@code index}, from 0. */
  public int piece(int index) {
    return first + index * step;
  }
}
