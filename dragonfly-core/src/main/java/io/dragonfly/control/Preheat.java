package io.dragonfly.control;

import io.dragonfly.error.DistributionException;
import io.dragonfly.error.ErrorKind;
import java.time.Instant;
import java.util.Optional;

/**
 * The state of a preheat.
 *
 * @param id its id
 * @param what the URL or the image, without secrets
 * @param state its state
 * @param begun when it was requested
 * @param ended when it was done, failed or was cancelled
 * @param contents number of its files; 0 until that is known
 * @param done number of its files in the supernode cache
 * @param bytes their bytes, as far as their lengths are known
 * @param peers number of peers that were asked to fetch it; they may still do so, or fail
 * @param failure why it failed, if it did
 */
public record Preheat(
    String id,
    String what,
    State state,
    Instant begun,
    Optional<Instant> ended,
    int contents,
    int done,
    long bytes,
    int peers,
    Optional<Failure> failure) {
  /** The states of a preheat. */
  public enum State {
    /** It waits for others to end. */
    WAITING,
    /** It downloads. */
    RUNNING,
    /** All files are in the supernode cache. */
    DONE,
    /** It has ended, and at least one file is missing. */
    FAILED,
    /** It was cancelled. */
    CANCELLED;

    /** Tells whether this state is final. */
    public boolean isEnd() {
      return this == DONE || this == FAILED || this == CANCELLED;
    }
  }

  /**
   * Why a preheat failed.
   *
   * @param kind the kind of failure
   * @param message what happened
   */
  public record Failure(ErrorKind kind, String message) {
    /** Returns the failure of an exception. */
    public static Failure of(DistributionException failure) {
      return new Failure(failure.kind(), String.valueOf(failure.getMessage()));
    }
  }
}
