package io.dragonfly.error;

import org.jspecify.annotations.Nullable;

/** The content changed at its source while it was read. The next request gets the new one. */
public final class SourceChangedException extends DistributionException {
  private static final long serialVersionUID = 1L;

  /** Says what happened and what to do next. */
  public SourceChangedException(String message) {
    this(message, null);
  }

  /** Says what happened and what to do next, with what caused it. */
  public SourceChangedException(String message, @Nullable Throwable cause) {
    super(ErrorKind.SOURCE_CHANGED, Retry.LATER, message, cause);
  }
}
