package io.dragonfly.examples.thin;

import java.io.File;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.util.List;

/** The {@code dfget} command as people call it. */
public final class ThinMain {
  /** The exit code for what goes wrong between this process and the server of the home. */
  static final int SERVER_LOST = 22;

  static final int USAGE = 2;

  private static final int STORAGE = 20;
  static final int OUTPUT = 19;

  /** A server may end just when a call reaches it, but not time and again. */
  private static final int MOST_SERVERS = 10;

  /** How long the server of another version may take to finish. */
  private static final long HAND_OVER_MILLIS = 300_000;

  private final Arguments arguments;
  private final List<String> words;
  private volatile boolean ended;

  private ThinMain(String[] words) {
    this.words = List.of(words);
    this.arguments = new Arguments(this.words);
  }

  /** Hands the call to the server of the home, and exits with its exit code. */
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
      Place place = Place.of(arguments, Caller.directory());
      String refusal = FileOwner.refusal(place.home().toPath());
      if (!refusal.isEmpty()) {
        throw new FailedException(STORAGE, refusal);
      }
      return call(place);
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

  private int call(Place place) throws IOException {
    for (int i = 0; i < MOST_SERVERS; i++) {
      try (Connection connection = Connection.open(place.home())) {
        if (connection == null && arguments.isAboutHome()) {
          return OwnProcess.run(arguments);
        } else if (connection == null && arguments.isAboutServer()) {
          checkAccess(place.home());
          throw new FailedException(
              USAGE, "no server of home " + place.home() + " runs, so there is nothing to limit");
        } else if (connection == null) {
          new Starter(place, arguments).start();
        } else if (!connection.server().version().equals(Distribution.version())) {
          connection.askForEnd();
          awaitEnd(connection, "of another version ");
        } else {
          int code = connection.call(Caller.message(words));
          if (code != Connection.ENDING) {
            return code;
          }
          awaitEnd(connection, "");
        }
      } catch (UnusableHomeException e) {
        return OwnProcess.run(arguments);
      } catch (FailedException e) {
        if (e.exitCode() != STORAGE || arguments.isAboutServer()) {
          throw e;
        }
        // No server can run there. What can be done without one, or why nothing, is known there.
        return OwnProcess.run(arguments);
      }
    }
    throw FailedException.lost("The servers of home " + place.home() + " end again and again.");
  }

  /** Where this user may write nothing, no server of his runs, but maybe one of somebody else. */
  private static void checkAccess(File home) throws FailedException {
    boolean denied = home.exists() && !home.canWrite();
    try {
      Files.newInputStream(new File(home, ServerFile.NAME).toPath()).close();
    } catch (AccessDeniedException e) {
      denied = true;
    } catch (IOException e) {
      // there is none
    }
    if (denied) {
      throw new FailedException(
          STORAGE,
          "home " + home + " cannot be used: permission denied. Choose another --home of yours.");
    }
  }

  @SuppressWarnings("try")
  private static void awaitEnd(Connection connection, String kind) throws FailedException {
    ServerFile server = connection.server();
    String who = "the server " + kind + "(" + server.version() + ", process " + server.pid() + ")";
    long start = System.nanoTime();
    try (Patience watching =
        Patience.watch(who + " to finish", HAND_OVER_MILLIS, new Closing(connection))) {
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

  /** Ends the waiting for a server. */
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
