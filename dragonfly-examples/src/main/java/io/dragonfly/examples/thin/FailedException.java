package io.dragonfly.examples.thin;

import java.io.IOException;

/** The call cannot be done, for a reason that no background peer can tell. */
final class FailedException extends IOException {
  private static final long serialVersionUID = 1;

  private final int exitCode;
  private final String line;

  /**
   * A failure.
   *
   * @param exitCode one of those that the documentation lists
   * @param line says what happened and what to do
   */
  FailedException(int exitCode, String line) {
    super(line);
    this.exitCode = exitCode;
    this.line = line;
  }

  /** A failure of what is between this process and the background peer. */
  static FailedException lost(String line) {
    return new FailedException(ThinMain.SERVER_LOST, line);
  }

  int exitCode() {
    return exitCode;
  }

  String line() {
    return line;
  }
}
