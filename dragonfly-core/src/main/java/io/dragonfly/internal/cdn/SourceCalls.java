package io.dragonfly.internal.cdn;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Blocking calls to a source which another thread can end. Only they are ever interrupted: an
 * interrupt in the middle of a write to the store would close its file for everybody. Safe for
 * concurrent use; one call at a time.
 */
public final class SourceCalls {
  @GuardedBy("this")
  private @Nullable Thread caller;

  @GuardedBy("this")
  private boolean ended;

  /** A call to a source. */
  public interface Call<T> {
    /** Calls it. */
    T run() throws IOException;
  }

  /**
   * Runs a call.
   *
   * @throws IOException also if {@link #end} came first
   */
  public <T> T run(Call<T> call) throws IOException {
    synchronized (this) {
      if (ended) {
        throw new IOException("the read was given up");
      }
      caller = Thread.currentThread();
    }
    try {
      return call.run();
    } finally {
      synchronized (this) {
        caller = null;
        // An interrupt that came too late for the call must not hit what this thread does next.
        boolean late = Thread.interrupted();
        ended |= late;
      }
    }
  }

  /** Ends the call that runs, and all that would come. */
  public synchronized void end() {
    ended = true;
    if (caller != null) {
      caller.interrupt();
    }
  }
}
