package io.dragonfly.task;

import java.util.OptionalLong;

/**
 * The bytes from {@code start} on and before {@code limit}, counted from 0. May be empty. A range
 * without a limit is open: it reaches to the end of the content, whose length need not be known.
 *
 * @param start first byte
 * @param limit the byte after the last; empty if the range is open
 */
public record ByteRange(long start, OptionalLong limit) {
  /**
   * Checks the bounds.
   *
   * @throws IllegalArgumentException unless {@code 0 <= start <= limit}
   */
  public ByteRange {
    if (start < 0 || (limit.isPresent() && limit.getAsLong() < start)) {
      throw new IllegalArgumentException(
          "no range of bytes: from %d to %s"
              .formatted(start, limit.isPresent() ? limit.getAsLong() : "the end"));
    }
  }

  /**
   * The bytes from {@code start} on and before {@code end}.
   *
   * @throws IllegalArgumentException unless {@code 0 <= start <= end}
   */
  public ByteRange(long start, long end) {
    this(start, OptionalLong.of(end));
  }

  /** Returns the bytes from {@code start} on and before {@code end}. */
  public static ByteRange of(long start, long end) {
    return new ByteRange(start, end);
  }

  /** Returns the open range of the bytes from {@code start} to the end of the content. */
  public static ByteRange from(long start) {
    return new ByteRange(start, OptionalLong.empty());
  }

  /** Tells whether this range reaches to the end of the content, wherever that is. */
  public boolean isOpen() {
    return limit.isEmpty();
  }

  /**
   * Returns the byte after the last.
   *
   * @throws IllegalStateException if this range is open
   */
  public long end() {
    return limit.orElseThrow(
        () -> new IllegalStateException("bytes %s end where the content does".formatted(this)));
  }

  /**
   * Returns the number of bytes.
   *
   * @throws IllegalStateException if this range is open
   */
  public long length() {
    return end() - start;
  }

  /** Tells whether there is no byte in this range. An open range is not empty. */
  public boolean isEmpty() {
    return limit.isPresent() && limit.getAsLong() == start;
  }

  /** Tells whether each byte of the other range lies in this one. */
  public boolean contains(ByteRange other) {
    return start <= other.start && (isOpen() || (!other.isOpen() && other.end() <= end()));
  }

  /**
   * Returns the part of this range that a content of this length has. It is not open, and empty if
   * this range begins at the content's end or behind it.
   *
   * @param length bytes of the content
   */
  public ByteRange within(long length) {
    return new ByteRange(Math.min(start, length), Math.min(limit.orElse(length), length));
  }

  /**
   * Returns the part of this range from {@code offset} on; empty if the range ends before it.
   *
   * @param offset a byte of the content, not before this range's start
   */
  public ByteRange startingAt(long offset) {
    return isOpen() ? from(offset) : new ByteRange(offset, Math.max(offset, end()));
  }

  /** Returns {@code start-end} with an inclusive end, or {@code start-}, as in HTTP's Range. */
  @Override
  public String toString() {
    return start + "-" + (isOpen() ? "" : end() - 1);
  }
}
