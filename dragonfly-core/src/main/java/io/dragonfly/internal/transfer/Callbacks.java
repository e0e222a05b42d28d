package io.dragonfly.internal.transfer;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Runs the code of the client's user that the client calls: listeners, and continuations of
 * futures. Knows the threads that do so: a close that is called there cannot wait until they have
 * ended. Safe for concurrent use.
 */
final class Callbacks implements Executor {
  private final Executor threads;
  private final Set<Thread> running = ConcurrentHashMap.newKeySet();

  /**
   * Callbacks on threads that may block.
   *
   * @param threads takes nothing more once the client is closed
   */
  Callbacks(Executor threads) {
    this.threads = threads;
  }

  /** Runs a user's code on a thread that may block, or on this one if the client is closed. */
  @Override
  public void execute(Runnable code) {
    try {
      threads.execute(() -> run(code));
    } catch (RejectedExecutionException e) {
      run(code);
    }
  }

  /** Runs a user's code on this thread. */
  void run(Runnable code) {
    boolean isFirst = running.add(Thread.currentThread());
    try {
      code.run();
    } finally {
      if (isFirst) {
        running.remove(Thread.currentThread());
      }
    }
  }

  /** Tells whether this thread is in a user's code that was called here. */
  boolean isRunning() {
    return running.contains(Thread.currentThread());
  }
}
