package io.dragonfly.error;

import org.jspecify.annotations.Nullable;

/**
 * None of the supernodes could be reached, or those that could are not trusted, and this peer may
 * not read the source itself.
 */
public final class SupernodeUnreachableException extends DistributionException {
  private static final long serialVersionUID = 1L;

  /** Says what happened and what to do next. */
  public SupernodeUnreachableException(String message) {
    this(message, null);
  }

  /** Says what happened and what to do next, with what caused it. */
  public SupernodeUnreachableException(String message, @Nullable Throwable cause) {
    this(message, cause, Retry.LATER);
  }

  /**
   * Says what happened and what to do next, with what caused it.
   *
   * @param retry {@link DistributionException.Retry#AFTER_A_CHANGE} if the supernode answers and is
   *     not trusted: then the same call will fail in the same way
   */
  public SupernodeUnreachableException(String message, @Nullable Throwable cause, Retry retry) {
    super(ErrorKind.SUPERNODE_UNREACHABLE, retry, message, cause);
  }
}
