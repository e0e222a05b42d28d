package io.dragonfly.task;

/**
 * Names one immutable version of one content: SHA-256 over the task key, the strong validator and
 * the length. Two downloads with the same id have the same bytes; wire, store and capabilities know
 * nothing else.
 *
 * @param hex 64 lower-case hexadecimal digits
 */
public record TaskId(String hex) {
  /**
   * Checks the digits.
   *
   * @throws IllegalArgumentException if these are not 64 lower-case hexadecimal digits
   */
  public TaskId {
    if (!isId(hex)) {
      throw new IllegalArgumentException(
          "a task id has 64 lower-case hexadecimal digits, not '%s'".formatted(hex));
    }
  }

  /** Tells whether a text is an id: 64 lower-case hexadecimal digits. */
  public static boolean isId(String text) {
    return text.length() == 64 && Digest.isHex(text);
  }

  /** Returns the first 12 digits, enough for a log line. */
  public String brief() {
    return hex.substring(0, 12);
  }

  @Override
  public String toString() {
    return hex;
  }
}
