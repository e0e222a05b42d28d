package io.dragonfly.error;

import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** The source has no such content: it answered 404 or 410. */
public final class ContentNotFoundException extends DistributionException {
  private static final long serialVersionUID = 1L;

  private final int status;

  /** Says what happened and what to do next. */
  public ContentNotFoundException(String message) {
    this(message, null);
  }

  /** Says what happened and what to do next, with what caused it. */
  public ContentNotFoundException(String message, @Nullable Throwable cause) {
    super(ErrorKind.NOT_FOUND, Retry.AFTER_A_CHANGE, message, cause);
    this.status = 0;
  }

  /**
   * Says what the source answered.
   *
   * @param status its HTTP status
   */
  public ContentNotFoundException(String message, int status) {
    super(ErrorKind.NOT_FOUND, Retry.AFTER_A_CHANGE, message, null);
    this.status = status;
  }

  /** Returns the source's HTTP status; empty if it gave none, as for a range outside of a file. */
  public OptionalInt status() {
    return status == 0 ? OptionalInt.empty() : OptionalInt.of(status);
  }
}
