package io.dragonfly.task;

/**
 * The bytes from {@code start} on and before {@code end}, counted from 0. May be empty.
 *
 * @param start first byte
 * @param end the byte after the last
 */
public record ByteRange(long start, long end) {
  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException unless {@code 0 <= start <= end}
   */
  public ByteRange {
    if (start < 0 || end < start) {
      throw new IllegalArgumentException("no range of bytes: from %d to %d".formatted(start, end));
    }
  }

  /** Returns the bytes from {@code start} on and before {@code end}. */
  public static ByteRange of(long start, long end) {
    return new ByteRange(start, end);
  }

  /** Returns the number of bytes. */
  public long length() {
    return end - start;
  }

  /** Tells whether each byte of the other range lies in this one. */
  public boolean contains(ByteRange other) {
    return start <= other.start && other.end <= end;
  }

  /** Returns {@code start-end} with an inclusive end, as in HTTP's Range header. */
  @Override
  public String toString() {
    return start + "-" + (end - 1);
  }
}
