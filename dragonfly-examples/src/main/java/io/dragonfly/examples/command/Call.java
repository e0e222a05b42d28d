package io.dragonfly.examples.command;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * One call of a command: what was asked, and where its answer goes. The caller is the user of this
 * process, or a process at the other end of a local socket; a command never asks which, and never
 * looks at the environment, the directory or the streams of the process that it runs in.
 *
 * <p>Safe for concurrent use. Streams throw an {@link IOException} once the caller is gone.
 */
public interface Call {
  /** Returns the arguments behind the command's name. */
  List<String> arguments();

  /** Returns the absolute directory where relative paths begin. */
  Path directory();

  /** Returns the caller's environment variables. */
  Map<String, String> environment();

  /** Returns the permissions that the caller's new files do not get; empty where not known. */
  OptionalInt umask();

  /** Returns where results go, unbuffered. It is not closed. */
  OutputStream out();

  /** Returns where messages for people go, unbuffered. It is not closed. */
  OutputStream err();

  /** Returns the columns of the terminal behind {@link #err} now; empty if there is none. */
  OptionalInt columns();

  /**
   * Opens a file as the caller does: with its permissions, and with its standard input as {@code
   * /dev/stdin} and its descriptors in {@code /dev/fd}.
   *
   * @param file a path as the caller wrote it; it may be relative to {@link #directory}
   */
  InputStream open(String file) throws IOException;

  /**
   * Runs an action once the caller is gone or has asked for the end: at once if that was before.
   * The action must be quick, or start what is not.
   */
  void onGone(Runnable action);
}
