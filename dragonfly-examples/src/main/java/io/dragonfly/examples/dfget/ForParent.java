package io.dragonfly.examples.dfget;

import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.thin.OwnProcess;
import org.jspecify.annotations.Nullable;

/**
 * What a process owes to the thin command that started it: it ends when that is gone, however it
 * went, so that nobody else has to.
 */
final class ForParent {
  private ForParent() {}

  /** Begins, if a thin command started this process; tells whether one did. */
  static boolean begin() {
    String parent = System.getenv(OwnProcess.FOR_PARENT);
    if (parent == null) {
      return false;
    }
    endWith(parent);
    return true;
  }

  private static void endWith(String pid) {
    @Nullable ProcessHandle parent =
        ProcessHandle.current()
            .parent()
            .filter(handle -> Long.toString(handle.pid()).equals(pid))
            .orElse(null);
    if (parent == null) {
      System.exit(ExitCode.INTERRUPTED); // it was gone before
    } else {
      var unused = parent.onExit().thenRun(() -> System.exit(ExitCode.INTERRUPTED));
    }
  }
}
