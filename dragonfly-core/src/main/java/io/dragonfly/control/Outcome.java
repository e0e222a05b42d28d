package io.dragonfly.control;

/** The result of a piece download. */
public enum Outcome {
  /** The piece is verified and stored. */
  DONE,
  /**
   * The parent asks the child to come later: it does not have the piece yet, or serves others
   * first. This is no failure.
   */
  NOT_YET,
  /** The parent could not be reached, or the connection broke. */
  UNREACHABLE,
  /**
   * The parent refused the request: the capability is not valid, it does not have the task, or it
   * has withdrawn the piece.
   */
  REFUSED,
  /** The parent sent nothing for too long. */
  STALLED,
  /** The bytes did not match the digest of the piece. */
  DIGEST_MISMATCH,
  /** The child could not store the piece, or no longer wants it. The parent is not at fault. */
  DROPPED
}
