package io.dragonfly.examples.thin;

import io.dragonfly.internal.home.HomeCheck;
import java.io.File;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Makes a call by a new process, over its stdin and stdout. If the call's command line is right and
 * it is a fetch, the process becomes the background peer of the data directory and goes on when the
 * call is done: it has a session of its own and none of this process's descriptors. One command at
 * a time starts one; who waited for that looks again first.
 */
final class Starter {
  /** What {@link #call} returns if somebody else has started a background peer meanwhile. */
  static final int RUNS = -3;

  /** A store is verified before its background peer is ready, if the machine crashed. */
  private static final long START_MILLIS = 600_000;

  private static final long LOCK_MILLIS = START_MILLIS + 60_000;

  private final File home;
  private final Arguments arguments;

  Starter(File home, Arguments arguments) {
    this.home = home;
    this.arguments = arguments;
  }

  /**
   * Makes the call.
   *
   * @return its exit code, or {@link #RUNS}
   * @throws FailedException if another user could write in the home, or the process does not start
   *     or ends in the middle
   */
  int call(CallMessage message) throws IOException {
    FileChannel lock = arguments.isAboutHome() ? null : openLock();
    return lock == null ? callAlone(message) : callInBackground(message, lock);
  }

  /** Returns null if nothing can be written in the home: a peer that ends with the call says so. */
  private @Nullable FileChannel openLock() throws FailedException {
    try {
      String refusal = HomeCheck.prepare(home.toPath());
      if (!refusal.isEmpty()) {
        throw new FailedException(ThinMain.STORAGE, refusal);
      }
      HomeDirectory.create(new File(home, "logs").toPath());
      return StartLock.open(home);
    } catch (FailedException e) {
      throw e;
    } catch (IOException | SecurityException e) {
      return null;
    }
  }

  /** A process that ends with the call; its stderr is that of this process. */
  private int callAlone(CallMessage message) throws IOException {
    Process process = start(Distribution.FOREGROUND, ProcessBuilder.Redirect.INHERIT);
    try (Connection connection = Connection.to(process)) {
      int code = sendAndFollow(connection, process, message, null);
      return code == Connection.STARTED ? connection.follow() : code;
    }
  }

  @SuppressWarnings("try")
  private int callInBackground(CallMessage message, FileChannel file) throws IOException {
    File log = new File(new File(home, "logs"), "stderr.log");
    Connection connection;
    int code;
    try (StartLock lock = StartLock.take(file, LOCK_MILLIS);
        Connection running = Connection.open(home)) {
      if (running != null) {
        return RUNS;
      }
      HomeDirectory.replaceByNew(log.toPath());
      Process process = start(Distribution.BACKGROUND, ProcessBuilder.Redirect.appendTo(log));
      connection = Connection.to(process);
      try (WaitMonitor watching =
          WaitMonitor.watch(
              "the background peer to start (process " + process.pid() + ")",
              START_MILLIS,
              new Ending(process))) {
        code = sendAndFollow(connection, process, message, log);
      }
    }
    try (connection) {
      return code == Connection.STARTED ? connection.follow() : code;
    }
  }

  private static int sendAndFollow(
      Connection connection, Process process, CallMessage message, @Nullable File log)
      throws IOException {
    try {
      connection.send(message);
      return connection.follow();
    } catch (IOException e) {
      if (e instanceof FailedException known && known.exitCode() != ThinMain.SERVER_LOST) {
        throw e;
      }
      connection.close(); // it ends now, if it has not
      int code = exitCode(process);
      String reason = log == null ? "the process of this call did not start" : reason(log);
      throw new FailedException(code == 0 ? ThinMain.SERVER_LOST : code, reason);
    }
  }

  private Process start(String kind, ProcessBuilder.Redirect stderr) throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command()).redirectError(stderr);
    if (kind.equals(Distribution.BACKGROUND)) {
      builder.directory(home);
    }
    builder.environment().put(Distribution.FIRST_CALL, kind);
    return builder.start();
  }

  private static int exitCode(Process process) {
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      return ThinMain.SERVER_LOST; // nobody interrupts
    }
  }

  private static String reason(File log) {
    try {
      String text = Files.readString(log.toPath()).trim();
      return text.isEmpty() ? "the background peer did not start; " + log + " is empty" : text;
    } catch (IOException e) {
      return "the background peer did not start, and " + log + " cannot be read";
    }
  }

  /** The call itself goes over stdin: everybody may read the arguments of a process. */
  private List<String> command() throws IOException {
    List<String> command = new ArrayList<>();
    if (isInPath("setsid")) {
      command.add("setsid");
    } else {
      // Not a session of its own, but at least Ctrl-C and a closed terminal do not end it.
      command.addAll(List.of("sh", "-c", "trap '' INT HUP QUIT; exec \"$0\" \"$@\""));
    }
    command.add(Distribution.dfget());
    command.add("server");
    command.add("--home");
    command.add(home.getCanonicalPath());
    return command;
  }

  private static boolean isInPath(String program) {
    String path = System.getenv("PATH");
    int from = 0;
    while (path != null && from <= path.length()) {
      int to = path.indexOf(':', from);
      to = to < 0 ? path.length() : to;
      if (to > from && new File(path.substring(from, to), program).canExecute()) {
        return true;
      }
      from = to + 1;
    }
    return false;
  }

  /** Ends a process that does not get ready. */
  private static final class Ending implements Runnable {
    private final Process process;

    Ending(Process process) {
      this.process = process;
    }

    @Override
    public void run() {
      process.destroyForcibly();
    }
  }
}
