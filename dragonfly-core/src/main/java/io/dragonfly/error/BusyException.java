package io.dragonfly.error;

import java.time.Duration;

/**
 * A supernode has as much to do as it may, so it does not accept a call now. Nothing is wrong with
 * the call: clients make it again by themselves after {@link #retryAfter}.
 */
public final class BusyException extends DistributionException {
  private static final long serialVersionUID = 1L;

  /** How long to wait if the supernode does not say it. */
  public static final Duration USUAL = Duration.ofSeconds(1);

  private final Duration retryAfter;

  /** Says what the supernode has too much of. */
  public BusyException(String message) {
    this(message, USUAL);
  }

  /**
   * Says what the supernode has too much of.
   *
   * @param retryAfter how long to wait before the call is made again
   */
  public BusyException(String message, Duration retryAfter) {
    super(ErrorKind.BUSY, Retry.LATER, message, null);
    this.retryAfter = retryAfter;
  }

  /** Returns how long to wait before the call is made again. */
  public Duration retryAfter() {
    return retryAfter;
  }
}
