package io.dragonfly.examples.thin;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Runs the call by a peer in a process of its own, for as long as the call lasts. */
public final class OwnProcess {
  /** Has the start script run the peer, and the peer end with this process, which it names. */
  public static final String FOR_PARENT = "dragonfly_for_parent";

  private OwnProcess() {}

  /** Runs the call with this process's streams and returns its exit code. */
  static int run(Arguments arguments) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Distribution.dfget());
    command.addAll(arguments.words());
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    builder.environment().put(FOR_PARENT, Long.toString(ProcessHandle.current().pid()));
    Process process = builder.start();
    // Told to end, this process ends when its child has.
    Runtime.getRuntime().addShutdownHook(new Ending(process));
    return waitFor(process);
  }

  private static int waitFor(Process process) {
    try {
      return process.waitFor();
    } catch (InterruptedException e) {
      return ThinMain.SERVER_LOST; // nobody interrupts
    }
  }

  /** Ends the child, and waits for its end. */
  private static final class Ending extends Thread {
    private final Process process;

    Ending(Process process) {
      super("dragonfly-shutdown");
      this.process = process;
    }

    @Override
    public void run() {
      process.destroy();
      int unused = waitFor(process);
    }
  }
}
