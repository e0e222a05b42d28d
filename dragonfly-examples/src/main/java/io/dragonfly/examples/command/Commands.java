package io.dragonfly.examples.command;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.dragonfly.error.DistributionException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import picocli.CommandLine;

/** How all commands treat their arguments and failures: one line on stderr and an exit code. */
public final class Commands {
  private Commands() {}

  /** Runs a command for the user of this process; returns its exit code. */
  public static int run(Object command, String[] args) {
    return run(command, new OwnCall(args));
  }

  /** Runs a command for a call; returns its exit code. */
  public static int run(Object command, Call call) {
    CommandLine line = new CommandLine(command);
    line.setOut(writer(call.out()));
    line.setErr(writer(call.err()));
    line.setParameterExceptionHandler(
        (failure, rejected) -> {
          PrintWriter err = failure.getCommandLine().getErr();
          String name = failure.getCommandLine().getCommandName();
          err.printf("%s: %s%n", name, failure.getMessage());
          err.printf("Try '%s --help'.%n", name);
          err.flush();
          return ExitCode.USAGE;
        });
    line.setExecutionExceptionHandler(
        (failure, failed, parsed) -> {
          report(failed.getErr(), failed.getCommandName(), failure, isVerbose(parsed));
          return ExitCode.of(failure);
        });
    return line.execute(call.arguments().toArray(String[]::new));
  }

  private static PrintWriter writer(OutputStream stream) {
    return new PrintWriter(new OutputStreamWriter(stream, UTF_8), false);
  }

  /** Says in one line what went wrong; traces are for those who asked for them. */
  public static void report(PrintWriter err, String name, Throwable failure, boolean verbose) {
    String what =
        failure instanceof DistributionException known ? known.getMessage() : failure.toString();
    err.printf("%s: %s%n", name, oneLine(what));
    if (verbose) {
      failure.printStackTrace(err);
    }
    err.flush();
  }

  /** Returns a text without its line ends. */
  public static String oneLine(String text) {
    return text.replaceAll("\\s*\\R\\s*", " ");
  }

  /** Runs something when the process is told to end, in a thread of its own. */
  public static void onShutdown(String threadName, Runnable action) {
    Runtime.getRuntime().addShutdownHook(new Thread(action, threadName));
  }

  private static boolean isVerbose(CommandLine.ParseResult parsed) {
    return parsed.hasMatchedOption("--verbose");
  }
}
