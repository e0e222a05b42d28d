package io.dragonfly.internal.storage;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;

/**
 * Runs file operations on threads that may be interrupted. A {@link java.nio.channels.FileChannel}
 * closes when a thread that is interrupted touches it, for all who use it; so the interrupt is put
 * aside until the operation is over.
 */
final class Uninterrupted {
  /** An operation that can be done again from its start. */
  interface FileOperation<T> {
    T run() throws IOException;
  }

  /** An operation without a result. */
  interface FileAction {
    void run() throws IOException;
  }

  private Uninterrupted() {}

  /** Runs an operation that opens its channel itself; again if an interrupt closed the channel. */
  static <T> T call(FileOperation<T> operation) throws IOException {
    boolean interrupted = Thread.interrupted();
    try {
      while (true) {
        try {
          return operation.run();
        } catch (ClosedChannelException e) {
          // By an interrupt of this thread or of another one that uses the same channel. The next
          // round opens it anew, which fails with another exception once the storage is closed.
          interrupted |= Thread.interrupted();
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  static void run(FileAction action) throws IOException {
    call(
        () -> {
          action.run();
          return true;
        });
  }
}
