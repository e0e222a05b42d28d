package io.dragonfly.examples.server;

import ch.qos.logback.classic.Level;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.command.Logging;
import java.io.IOException;

/** The command {@code dfget --prepare}: makes the archives that each first server makes. */
public final class PrepareMain {
  private PrepareMain() {}

  /** Returns when they are there. */
  public static void main(String[] args) throws InterruptedException {
    Logging.start(false, Level.WARN);
    System.exit(run());
  }

  private static int run() throws InterruptedException {
    Archives archives =
        Archives.ofThisProcess(false)
            .orElseThrow(() -> new IllegalStateException("start it with bin/dfget --prepare"));
    try {
      System.err.println("dfget: archives of classes are in " + archives.make(true));
      return ExitCode.OK;
    } catch (IOException e) {
      System.err.println("dfget: no archive of classes could be made: " + e.getMessage());
      return ExitCode.INTERNAL;
    }
  }
}
