package io.dragonfly.error;

import org.jspecify.annotations.Nullable;

/** Neither a peer nor the supernode nor the source delivered a byte for too long. */
public final class NoProgressException extends DistributionException {
  private static final long serialVersionUID = 1L;

  /** Says what happened and what to do next. */
  public NoProgressException(String message) {
    this(message, null);
  }

  /** Says what happened and what to do next, with what caused it. */
  public NoProgressException(String message, @Nullable Throwable cause) {
    super(ErrorKind.NO_PROGRESS, Retry.LATER, message, cause);
  }
}
