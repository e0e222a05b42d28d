package io.dragonfly.error;

import org.jspecify.annotations.Nullable;

/** The time limit that was set for the request has passed. */
public final class TimeLimitException extends DistributionException {
  private static final long serialVersionUID = 1L;

  /** Says what happened and what to do next. */
  public TimeLimitException(String message) {
    this(message, null);
  }

  /** Says what happened and what to do next, with what caused it. */
  public TimeLimitException(String message, @Nullable Throwable cause) {
    super(ErrorKind.TIME_LIMIT, Retry.LATER, message, cause);
  }
}
