package io.dragonfly.examples.thin;

import io.dragonfly.internal.home.HomeCheck;
import java.io.File;
import java.io.IOException;
import java.util.List;

/** The {@code dfget} command as people call it. */
public final class ThinMain {
  /** The exit code for what goes wrong between this process and the background peer. */
  static final int SERVER_LOST = 22;

  static final int USAGE = 2;

  static final int STORAGE = 20;
  static final int OUTPUT = 19;

  /** A background peer may end just when a call reaches it, but not time and again. */
  private static final int MOST_SERVERS = 10;

  /** How long the background peer of another version may take to finish. */
  private static final long HAND_OVER_MILLIS = 300_000;

  private final Arguments arguments;
  private final List<String> words;
  private volatile boolean ended;

  private ThinMain(String[] words) {
    this.words = List.of(words);
    this.arguments = new Arguments(this.words);
  }

  /** Hands the call to the background peer of the home, and exits with its exit code. */
  public static void main(String[] args) {
    ThinMain call = new ThinMain(args);
    Runtime.getRuntime().addShutdownHook(new Thread(new Cancelling(call)));
    int code;
    try {
      code = call.run();
    } finally {
      call.ended = true; // also by a defect, which is no cancelling
    }
    System.exit(code);
  }

  /** A signal ends the process, and programs that asked for JSON get what is promised to them. */
  private void tellIfCancelled() {
    if (!ended && arguments.isJsonAsked()) {
      Messages.fail(
          arguments, "cancelled", "The call was cancelled. The next run goes on from here.");
    }
  }

  private int run() {
    try {
      File home = DataDirectoryFinder.of(arguments, Caller.directory());
      String refusal = HomeCheck.refusal(home.toPath());
      if (!refusal.isEmpty()) {
        throw new FailedException(STORAGE, refusal);
      }
      return call(home);
    } catch (FailedException e) {
      Messages.fail(arguments, kind(e.exitCode()), e.line());
      return e.exitCode();
    } catch (IOException e) {
      Messages.fail(arguments, "server_lost", e.toString());
      return SERVER_LOST;
    }
  }

  private static String kind(int exitCode) {
    return switch (exitCode) {
      case OUTPUT -> "output";
      case STORAGE -> "storage";
      case USAGE -> "usage";
      default -> "server_lost";
    };
  }

  private int call(File home) throws IOException {
    String fileSystem = FileIdentity.fileSystem();
    for (int i = 0; i < MOST_SERVERS; i++) {
      int code = call(home, fileSystem);
      if (code >= 0) {
        return code;
      }
    }
    throw FailedException.lost("The background peers of home " + home + " end again and again.");
  }

  /** Returns the exit code, or less than 0 if somebody else's start or end came in between. */
  private int call(File home, String fileSystem) throws IOException {
    try (Connection connection = Connection.open(home)) {
      Greeting server = connection == null ? null : connection.server();
      if (connection == null || server == null) {
        return new Starter(home, arguments).call(Caller.message(words, fileSystem, false));
      }
      if (!server.version().equals(Distribution.version())) {
        connection.askForEnd();
        awaitEnd(connection, "the background peer of another version (" + server + ")");
        return Connection.ENDING;
      }
      boolean otherView = !server.fileSystem().equals(fileSystem);
      connection.send(Caller.message(words, fileSystem, otherView));
      int code = connection.follow();
      if (code == Connection.ENDING) {
        awaitEnd(connection, "the " + server);
      }
      return code;
    }
  }

  @SuppressWarnings("try")
  private static void awaitEnd(Connection connection, String who) throws FailedException {
    long start = System.nanoTime();
    try (WaitMonitor watching =
        WaitMonitor.watch(who + " to finish", HAND_OVER_MILLIS, new Closing(connection))) {
      connection.awaitEnd();
    }
    if (System.nanoTime() - start > HAND_OVER_MILLIS * 1_000_000) {
      throw FailedException.lost(
          "After "
              + HAND_OVER_MILLIS / 1000
              + " s "
              + who
              + " has not finished. Wait for it, end"
              + " it, or choose another --home.");
    }
  }

  /** What a signal sets off. No lambda: those would cost more classes than all the rest. */
  private static final class Cancelling implements Runnable {
    private final ThinMain call;

    Cancelling(ThinMain call) {
      this.call = call;
    }

    @Override
    public void run() {
      call.tellIfCancelled();
    }
  }

  /** Ends the waiting for a background peer. */
  private static final class Closing implements Runnable {
    private final Connection connection;

    Closing(Connection connection) {
      this.connection = connection;
    }

    @Override
    public void run() {
      connection.close();
    }
  }
}
