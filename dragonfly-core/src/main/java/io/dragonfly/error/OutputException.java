package io.dragonfly.error;

import org.jspecify.annotations.Nullable;

/** The output path cannot be written: its directory does not exist or is not writable. */
public final class OutputException extends DistributionException {
  private static final long serialVersionUID = 1L;

  /** Says what happened and what to do next. */
  public OutputException(String message) {
    this(message, null);
  }

  /** Says what happened and what to do next, with what caused it. */
  public OutputException(String message, @Nullable Throwable cause) {
    super(ErrorKind.OUTPUT, Retry.AFTER_A_CHANGE, message, cause);
  }
}
