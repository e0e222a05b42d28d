package io.dragonfly.error;

import org.jspecify.annotations.Nullable;

/** The source has no such content: it answered 404 or 410. */
public final class ContentNotFoundException extends DistributionException {
  private static final long serialVersionUID = 1L;

  /** Says what happened and what to do next. */
  public ContentNotFoundException(String message) {
    this(message, null);
  }

  /** Says what happened and what to do next, with what caused it. */
  public ContentNotFoundException(String message, @Nullable Throwable cause) {
    super(ErrorKind.NOT_FOUND, Retry.AFTER_A_CHANGE, message, cause);
  }
}
