package io.dragonfly.control;

import io.dragonfly.error.DistributionException;
import io.dragonfly.error.ErrorKind;
import java.time.Instant;
import java.util.Optional;

/**
 * How a preheat is.
 *
 * @param id its name
 * @param what the URL or the image, without anything secret
 * @param state what it does
 * @param begun when it was asked for
 * @param ended when it was done, failed or was cancelled
 * @param contents how many contents it has; 0 until that is known
 * @param done how many of them are in the CDN cache
 * @param bytes how many bytes of them are there, as far as their lengths are known
 * @param peers how many peers were told to fetch it; they may still be at it, or fail
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
  /** What a preheat does. */
  public enum State {
    /** It waits for others to end. */
    WAITING,
    /** It reads. */
    RUNNING,
    /** All is in the CDN cache. */
    DONE,
    /** It has ended, and something is not there. */
    FAILED,
    /** Somebody has ended it. */
    CANCELLED;

    /** Tells whether nothing will change any more. */
    public boolean isEnd() {
      return this == DONE || this == FAILED || this == CANCELLED;
    }
  }

  /**
   * Why a preheat failed.
   *
   * @param kind what kind of failure
   * @param message what happened, in words
   */
  public record Failure(ErrorKind kind, String message) {
    /** Returns that of an exception. */
    public static Failure of(DistributionException failure) {
      return new Failure(failure.kind(), String.valueOf(failure.getMessage()));
    }
  }
}
