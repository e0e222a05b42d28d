package io.dragonfly.error;

import java.time.Duration;

/**
 * A supernode is overloaded and does not accept a call now. The call itself is valid: peers repeat
 * it after {@link #retryAfter}.
 */
public final class BusyException extends DistributionException {
  private static final long serialVersionUID = 1L;

  /** The time to wait if the supernode names none. */
  public static final Duration DEFAULT_RETRY_AFTER = Duration.ofSeconds(1);

  private final Duration retryAfter;

  /**
   * Says what the supernode has too many of. The call may be repeated after {@link
   * #DEFAULT_RETRY_AFTER}.
   */
  public BusyException(String message) {
    this(message, DEFAULT_RETRY_AFTER);
  }

  /**
   * Says what the supernode has too many of.
   *
   * @param retryAfter the time to wait before the call is repeated
   */
  public BusyException(String message, Duration retryAfter) {
    super(ErrorKind.BUSY, Retry.LATER, message, null);
    this.retryAfter = retryAfter;
  }

  /** Returns the time to wait before the call is repeated. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
