package io.dragonfly.control;

/** How taking one piece ended. */
public enum Outcome {
  /** It is verified and kept. */
  DONE,
  /** The parent asks to come later: it has not the piece yet, or serves others first. No fault. */
  NOT_YET,
  /** The parent could not be reached, or the connection broke. */
  UNREACHABLE,
  /** The parent refused: wrong capability, no such task, piece withdrawn. */
  REFUSED,
  /** The parent gave no byte for too long. */
  STALLED,
  /** The parent's bytes were not the piece. */
  DIGEST_MISMATCH,
  /** The taker itself could not keep the piece, or no longer wants it. No fault of the parent. */
  DROPPED
}
