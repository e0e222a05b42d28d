package io.dragonfly.error;

import org.jspecify.annotations.Nullable;

/** All bytes arrived, but they are not the ones that were asked for. Nothing was kept. */
public final class DigestMismatchException extends DistributionException {
  private static final long serialVersionUID = 1L;

  /** Says what happened and what to do next. */
  public DigestMismatchException(String message) {
    this(message, null);
  }

  /** Says what happened and what to do next, with what caused it. */
  public DigestMismatchException(String message, @Nullable Throwable cause) {
    super(ErrorKind.DIGEST_MISMATCH, Retry.AFTER_A_CHANGE, message, cause);
  }
}
