package io.dragonfly.error;

import org.jspecify.annotations.Nullable;

/**
 * The fetch was cancelled, its thread interrupted, or its client closed. What is verified stays.
 */
public final class FetchCancelledException extends DistributionException {
  private static final long serialVersionUID = 1L;

  /** Says what happened and what to do next. */
  public FetchCancelledException(String message) {
    this(message, null);
  }

  /** Says what happened and what to do next, with what caused it. */
  public FetchCancelledException(String message, @Nullable Throwable cause) {
    super(ErrorKind.CANCELLED, Retry.LATER, message, cause);
  }
}
