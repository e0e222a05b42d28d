package io.dragonfly.spi;

import io.dragonfly.control.Outcome;
import org.jspecify.annotations.Nullable;

/** Why a parent did not give a piece. Without a stack trace: it is an answer, not a defect. */
public final class PieceDownloadException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Outcome outcome;

  /**
   * A piece was not given.
   *
   * @param outcome how the take ended; not {@link Outcome#DONE}
   */
  public PieceDownloadException(Outcome outcome, String message) {
    this(outcome, message, null);
  }

  /** A piece was not given because of something else. */
  public PieceDownloadException(Outcome outcome, String message, @Nullable Throwable cause) {
    super(message, cause, false, false);
    this.outcome = outcome;
  }

  /** Returns how the take ended. */
  public Outcome outcome() {
    return outcome;
  }
}
