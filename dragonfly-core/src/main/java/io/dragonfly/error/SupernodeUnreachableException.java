package io.dragonfly.error;

import org.jspecify.annotations.Nullable;

/** None of the supernodes could be reached, and this peer may not read the source itself. */
public final class SupernodeUnreachableException extends DistributionException {
  private static final long serialVersionUID = 1L;

  /** Says what happened and what to do next. */
  public SupernodeUnreachableException(String message) {
    this(message, null);
  }

  /** Says what happened and what to do next, with what caused it. */
  public SupernodeUnreachableException(String message, @Nullable Throwable cause) {
    super(ErrorKind.SUPERNODE_UNREACHABLE, Retry.LATER, message, cause);
  }
}
