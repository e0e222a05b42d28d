package io.dragonfly.error;

import org.jspecify.annotations.Nullable;

/** A supernode does not accept a call, for example because of the address that the peer gave. */
public final class CallRefusedException extends DistributionException {
  private static final long serialVersionUID = 1L;

  /** Says what happened and what to do next. */
  public CallRefusedException(String message) {
    this(message, null);
  }

  /** Says what happened and what to do next, with what caused it. */
  public CallRefusedException(String message, @Nullable Throwable cause) {
    super(ErrorKind.CALL_REFUSED, Retry.AFTER_A_CHANGE, message, cause);
  }
}
