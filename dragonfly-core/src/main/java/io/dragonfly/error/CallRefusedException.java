package io.dragonfly.error;

import org.jspecify.annotations.Nullable;

/** A supernode does not accept a call, for example because of the address that the peer gave. */
public final class CallRefusedException extends DistributionException {
  private static final long serialVersionUID = 1L;

  private final boolean joinsAgain;

  /** Says what happened and what to do next. */
  public CallRefusedException(String message) {
    this(message, null);
  }

  /** Says what happened and what to do next, with what caused it. */
  public CallRefusedException(String message, @Nullable Throwable cause) {
    this(message, cause, false);
  }

  private CallRefusedException(String message, @Nullable Throwable cause, boolean joinsAgain) {
    super(ErrorKind.CALL_REFUSED, Retry.AFTER_A_CHANGE, message, cause);
    this.joinsAgain = joinsAgain;
  }

  /**
   * A call without a proof of the join token that holds now, or with another supernode's secret.
   */
  public static CallRefusedException unproven(String message) {
    return new CallRefusedException(message, null, true);
  }

  /**
   * Tells whether the call lacks a proof of the join token that holds now, or came to another
   * supernode than the one that its secret is for: a peer that can mends that and calls again.
   */
  public boolean joinsAgain() {
    return joinsAgain;
  }
}
