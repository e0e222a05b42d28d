package io.dragonfly.error;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * The source cannot be reached, answers with an error of its own, falls silent, or sends something
 * else than it announced.
 */
public final class SourceFailedException extends DistributionException {
  private static final long serialVersionUID = 1L;

  private final int status;
  private final @Nullable Duration retryAfter;

  /** Says how a connection or a body failed. */
  public SourceFailedException(String message, @Nullable Throwable cause) {
    super(ErrorKind.SOURCE_FAILED, Retry.LATER, message, cause);
    this.status = 0;
    this.retryAfter = null;
  }

  /**
   * Says what the source answered.
   *
   * @param status its HTTP status
   * @param retryAfter how long it wants to be left alone, if it says
   */
  public SourceFailedException(String message, int status, Optional<Duration> retryAfter) {
    this(message, status, retryAfter.orElse(null), null);
  }

  private SourceFailedException(
      String message, int status, @Nullable Duration retryAfter, @Nullable Throwable cause) {
    super(ErrorKind.SOURCE_FAILED, Retry.LATER, message, cause);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Returns an exception with another message, this status and time, and this one as its cause. */
  public SourceFailedException withMessage(String message) {
    return new SourceFailedException(message, status, retryAfter, this);
  }

  /** Returns the source's HTTP status, if it gave one. */
  public OptionalInt status() {
    return status == 0 ? OptionalInt.empty() : OptionalInt.of(status);
  }

  /** Returns how long the source wants to be left alone, if it says. */
  public Optional<Duration> retryAfter() {
    return Optional.ofNullable(retryAfter);
  }
}
