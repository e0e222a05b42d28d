package io.dragonfly.transport.http.internal.wire;

import org.jspecify.annotations.Nullable;

/**
 * What the other side sent is not what stands on the wire. The message is one line and may be sent
 * back. Without a stack trace: it tells of a defect elsewhere.
 */
public final class WireException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Says in one line what does not fit. */
  public WireException(String message) {
    this(message, null);
  }

  WireException(String message, @Nullable Throwable cause) {
    super(OneLine.of(message), cause, false, false);
  }

  /** Returns the message; there is always one. */
  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
