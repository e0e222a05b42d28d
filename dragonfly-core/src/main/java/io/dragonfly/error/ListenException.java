package io.dragonfly.error;

import org.jspecify.annotations.Nullable;

/** An address and port cannot be listened on: another process does, or the address is another's. */
public final class ListenException extends DistributionException {
  private static final long serialVersionUID = 1L;

  /** Says what happened and what to do next, with what caused it. */
  public ListenException(String message, @Nullable Throwable cause) {
    super(ErrorKind.LISTEN, Retry.AFTER_A_CHANGE, message, cause);
  }
}
