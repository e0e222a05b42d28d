package io.dragonfly.examples;

import io.dragonfly.error.DistributionException;
import java.io.PrintWriter;
import picocli.CommandLine;

/** How all commands treat their arguments and failures: one line on stderr and an exit code. */
final class Commands {
  private Commands() {}

  static int run(Object command, String[] args) {
    CommandLine line = new CommandLine(command);
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
    return line.execute(args);
  }

  /** Says in one line what went wrong; traces are for those who asked for them. */
  static void report(PrintWriter err, String name, Throwable failure, boolean verbose) {
    String what =
        failure instanceof DistributionException known ? known.getMessage() : failure.toString();
    err.printf("%s: %s%n", name, oneLine(what));
    if (verbose) {
      failure.printStackTrace(err);
    }
    err.flush();
  }

  static String oneLine(String text) {
    return text.replaceAll("\\s*\\R\\s*", " ");
  }

  /** Runs something when the process is told to end, in a thread of its own. */
  static void onShutdown(String threadName, Runnable action) {
    Runtime.getRuntime().addShutdownHook(new Thread(action, threadName));
  }

  private static boolean isVerbose(CommandLine.ParseResult parsed) {
    return parsed.hasMatchedOption("--verbose");
  }
}
