package io.dragonfly.error;

import org.jspecify.annotations.Nullable;

/** The home directory cannot be used: it fails to read or write, or another process holds it. */
public final class StorageException extends DistributionException {
  private static final long serialVersionUID = 1L;

  /** Says what happened and what to do next. */
  public StorageException(String message) {
    this(message, null);
  }

  /** Says what happened and what to do next, with what caused it. */
  public StorageException(String message, @Nullable Throwable cause) {
    super(ErrorKind.STORAGE, Retry.AFTER_A_CHANGE, message, cause);
  }
}
