package io.dragonfly.examples.dfget;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.dragonfly.examples.command.ExitCode;
import io.dragonfly.examples.thin.OwnProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a process owes to the thin command that started it: it ends when that is gone, however it
 * went, and leaves nothing of a home that is for one call alone.
 */
final class ForParent {
  private static final Logger log = LoggerFactory.getLogger(ForParent.class);
  private static final long CLOSE_SECONDS = 10;

  private final CountDownLatch over = new CountDownLatch(1);

  private ForParent() {}

  /** Begins, if a thin command started this process. */
  static ForParent begin() {
    ForParent self = new ForParent();
    String parent = System.getenv(OwnProcess.FOR_PARENT);
    if (parent != null) {
      endWith(parent);
    }
    String home = System.getenv(OwnProcess.TEMPORARY_HOME);
    if (home != null) {
      Thread deleting = new Thread(() -> self.deleteAtTheEnd(Path.of(home)), "dragonfly-temporary");
      Runtime.getRuntime().addShutdownHook(deleting);
    }
    return self;
  }

  /** Tells that the call is over and its peer closed. */
  void over() {
    over.countDown();
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

  private void deleteAtTheEnd(Path home) {
    try {
      if (!over.await(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        log.warn("The peer still uses {}, which is removed", home);
      }
      MoreFiles.deleteRecursively(home, RecursiveDeleteOption.ALLOW_INSECURE);
    } catch (IOException e) {
      log.warn("The temporary home {} could not be removed: {}", home, e.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody does so
    }
  }
}
