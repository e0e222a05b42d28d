package io.dragonfly.error;

import org.jspecify.annotations.Nullable;

/**
 * Something went wrong with a fetch. The message says what happened, to what, and what to do next;
 * {@link #retry} tells programs whether to try again.
 */
public abstract class DistributionException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** Whether the same request can succeed later. */
  public enum Retry {
    /** It can, without any change: try again after a while. */
    LATER,
    /** It can, once something has been changed that the message names. */
    AFTER_A_CHANGE
  }

  private final ErrorKind kind;
  private final Retry retry;

  DistributionException(ErrorKind kind, Retry retry, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
    this.retry = retry;
  }

  /** Returns the kind, which goes with the class. */
  public final ErrorKind kind() {
    return kind;
  }

  /** Tells whether to try again. */
  public final Retry retry() {
    return retry;
  }

  /** Returns the message; there is always one. */
  @Override
  public final String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
