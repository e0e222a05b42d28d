package io.dragonfly.peer;

import io.dragonfly.task.Digest;

/**
 * The public name of a peer or supernode, seen in assignments and reports. It is derived from the
 * peer's secret ({@link PeerSecret#id}), so a supernode that has just started can tell whether who
 * calls is who it says, without a list.
 *
 * @param hex 32 lower-case hexadecimal digits
 */
public record PeerId(String hex) {
  /**
   * Checks the digits.
   *
   * @throws IllegalArgumentException if these are not 32 lower-case hexadecimal digits
   */
  public PeerId {
    if (hex.length() != 32 || !Digest.isHex(hex)) {
      throw new IllegalArgumentException(
          "a peer id has 32 lower-case hexadecimal digits, not '%s'".formatted(hex));
    }
  }

  /** Returns the first 8 digits, enough for a log line. */
  public String brief() {
    return hex.substring(0, 8);
  }

  @Override
  public String toString() {
    return hex;
  }
}
