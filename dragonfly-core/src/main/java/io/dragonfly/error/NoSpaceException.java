package io.dragonfly.error;

import org.jspecify.annotations.Nullable;

/** The disk has not the room for the content and the reserve, or ran full. */
public final class NoSpaceException extends DistributionException {
  private static final long serialVersionUID = 1L;

  private final long neededBytes;
  private final long freeBytes;

  /**
   * Says where room is missing.
   *
   * @param neededBytes bytes that were needed, the reserve included
   * @param freeBytes bytes that are free
   */
  public NoSpaceException(
      String message, long neededBytes, long freeBytes, @Nullable Throwable cause) {
    super(ErrorKind.NO_SPACE, Retry.AFTER_A_CHANGE, message, cause);
    this.neededBytes = neededBytes;
    this.freeBytes = freeBytes;
  }

  /** Returns the bytes that were needed, the reserve included. */
  public long neededBytes() {
    return neededBytes;
  }

  /** Returns the bytes that were free. */
  public long freeBytes() {
    return freeBytes;
  }
}
