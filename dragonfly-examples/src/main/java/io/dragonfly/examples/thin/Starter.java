package io.dragonfly.examples.thin;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;

/**
 * Starts the server of a home, detached: it has a session of its own and none of this process's
 * descriptors. One process at a time starts one; who waited for that looks again first.
 */
final class Starter {
  /** A store is verified before its server is ready, if the machine crashed. */
  private static final long START_MILLIS = 600_000;

  /** How the server's last words begin. */
  private static final String SERVER_SAYS = "dfget server: ";

  private static final long LOCK_MILLIS = START_MILLIS + 60_000;

  private final Place place;
  private final Arguments arguments;

  Starter(Place place, Arguments arguments) {
    this.place = place;
    this.arguments = arguments;
  }

  /**
   * Returns once a server runs, or did a moment ago.
   *
   * @throws UnusableHomeException if nothing can be written in the home
   * @throws FailedException if the server does not start
   */
  @SuppressWarnings("try")
  void start() throws IOException {
    FileChannel file = openLock();
    try (StartLock lock = StartLock.take(file, LOCK_MILLIS);
        Connection running = Connection.open(place.home())) {
      if (running == null) {
        startServer();
      }
    }
  }

  private FileChannel openLock() throws UnusableHomeException {
    try {
      HomeDirectory.create(new File(place.home(), "logs").toPath());
      return StartLock.open(place.home());
    } catch (IOException | SecurityException e) {
      throw new UnusableHomeException(place.home(), e);
    }
  }

  @SuppressWarnings("try")
  private void startServer() throws IOException {
    File log = new File(new File(place.home(), "logs"), "stderr.log");
    HomeDirectory.replaceByNew(log.toPath());
    ProcessBuilder builder =
        new ProcessBuilder(command())
            .directory(place.home())
            .redirectInput(new File("/dev/null"))
            .redirectError(ProcessBuilder.Redirect.appendTo(log));
    builder.environment().put(Distribution.DETACHED, "1");
    Process server = builder.start();
    server.getOutputStream().close();
    String ready = null;
    try (Patience watching =
            Patience.watch(
                "the server to start (process " + server.pid() + ")",
                START_MILLIS,
                new Ending(server));
        BufferedReader out =
            new BufferedReader(
                new InputStreamReader(server.getInputStream(), StandardCharsets.UTF_8))) {
      ready = out.readLine();
    }
    if (ready == null) {
      throw new FailedException(exitCode(server), reason(log));
    }
  }

  private static int exitCode(Process server) {
    try {
      return server.waitFor();
    } catch (InterruptedException e) {
      return ThinMain.SERVER_LOST; // nobody interrupts
    }
  }

  private static String reason(File log) {
    try {
      String text = Files.readString(log.toPath()).trim();
      int last = text.lastIndexOf(SERVER_SAYS);
      if (last >= 0) {
        int end = text.indexOf('\n', last);
        return text.substring(last + SERVER_SAYS.length(), end < 0 ? text.length() : end);
      }
      return text.isEmpty() ? "the server did not start; " + log + " is empty" : text;
    } catch (IOException e) {
      return "the server did not start, and " + log + " cannot be read";
    }
  }

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
    command.add(place.home().getCanonicalPath());
    File config = place.config();
    if (config != null) {
      command.add("--config");
      command.add(config.getCanonicalPath());
    }
    command.addAll(arguments.ofTheServer());
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

  /** Ends a server that does not get ready. */
  private static final class Ending implements Runnable {
    private final Process server;

    Ending(Process server) {
      this.server = server;
    }

    @Override
    public void run() {
      server.destroyForcibly();
    }
  }
}
