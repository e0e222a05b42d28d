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
  private final boolean ofAddress;

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
    this(message, retryAfter, false);
  }

  private BusyException(String message, Duration retryAfter, boolean ofAddress) {
    super(ErrorKind.BUSY, Retry.LATER, message, null);
    this.retryAfter = retryAfter;
    this.ofAddress = ofAddress;
  }

  /** The address of the caller has as much as one address may have; others are not affected. */
  public static BusyException ofAddress(String message) {
    return new BusyException(message, DEFAULT_RETRY_AFTER, true);
  }

  /** Returns the time to wait before the call is repeated. */
  public Duration retryAfter() {
    return retryAfter;
  }

  /**
   * Tells whether the caller's address has as much as one address may have. Only the supernode
   * itself knows: the answer that a peer gets does not say.
   */
  public boolean isOfAddress() {
    return ofAddress;
  }
}
