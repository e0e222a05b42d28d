package io.dragonfly.task;

/**
 * Names a content regardless of its version: what two requests must have in common to be one
 * download. See {@link ContentRequest#key}.
 *
 * @param hex 64 lower-case hexadecimal digits
 */
public record TaskKey(String hex) {
  /**
   * Checks the digits.
   *
   * @throws IllegalArgumentException if these are not 64 lower-case hexadecimal digits
   */
  public TaskKey {
    if (hex.length() != 64 || !Digest.isHex(hex)) {
      throw new IllegalArgumentException(
          "a task key has 64 lower-case hexadecimal digits, not '%s'".formatted(hex));
    }
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
