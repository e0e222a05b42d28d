package io.dragonfly.examples.command;

import io.dragonfly.error.DistributionException;
import io.dragonfly.error.ErrorKind;

/**
 * The exit codes of the command line tools: one for each thing that a script may want to tell
 * apart. They are documented in src/site and never change their meaning.
 */
public final class ExitCode {
  /** The command did what was asked. */
  public static final int OK = 0;

  /** A defect of ours: whatever has no code of its own. */
  public static final int INTERNAL = 1;

  /** The command line is wrong; nothing was done. */
  public static final int USAGE = 2;

  /** A task of the home was to be removed, but is in use. */
  public static final int TASK_IN_USE = 23;

  /** Pieces in the home were not what they should be. */
  public static final int BAD_PIECES = 24;

  /** The caller asked for the end. */
  public static final int INTERRUPTED = 130;

  private ExitCode() {}

  /** Returns the code for what ended a command. */
  public static int of(Throwable failure) {
    return failure instanceof DistributionException known ? of(known.kind()) : INTERNAL;
  }

  /** Returns the code of a kind. */
  public static int of(ErrorKind kind) {
    return switch (kind) {
      case ACCESS_REFUSED -> 10;
      case NOT_FOUND -> 11;
      case SOURCE_FAILED -> 12;
      case SOURCE_CHANGED -> 13;
      case DIGEST_MISMATCH -> 14;
      case NO_SPACE -> 15;
      case NO_PROGRESS -> 16;
      case SUPERNODE_UNREACHABLE -> 17;
      case CALL_REFUSED -> 18;
      case BUSY -> 26;
      case OUTPUT -> 19;
      case STORAGE -> 20;
      case TIME_LIMIT -> 21;
      case LISTEN -> 25;
      case CANCELLED -> INTERRUPTED;
    };
  }
}
