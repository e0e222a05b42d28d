package io.dragonfly.internal.cdn;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.internal.cdn.CdnSettings.ReadsPerHost;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs reads of hosts on common threads, in each line no more than its share at once. What is too
 * much waits. Where all threads are taken each read waits for one anew, in the order in which they
 * came, so hosts with many reads do not keep others waiting. Safe for concurrent use.
 */
final class HostShares {
  private static final Logger log = LoggerFactory.getLogger(HostShares.class);

  private final Executor threads;
  private final BooleanSupplier areAllBusy;
  private final ReadsPerHost bounds;
  private final LongSupplier nanoClock;

  @GuardedBy("this")
  private final Map<Line, State> lines = new HashMap<>();

  /**
   * What is read in turns.
   *
   * @param host with its port
   * @param isShort nothing short waits for what is long
   */
  record Line(String host, boolean isShort) {}

  private static final class State {
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private final ReadShare share;
    private int running;

    State(ReadShare share) {
      this.share = share;
    }
  }

  /**
   * Runs nothing yet.
   *
   * @param threads what reads run on, in the order in which they are given to it
   * @param areAllBusy whether reads wait for a thread: nobody gets a larger share meanwhile
   */
  HostShares(
      Executor threads, BooleanSupplier areAllBusy, ReadsPerHost bounds, LongSupplier nanoClock) {
    this.threads = threads;
    this.areAllBusy = areAllBusy;
    this.bounds = bounds;
    this.nanoClock = nanoClock;
  }

  /**
   * Runs a read when it is its turn.
   *
   * @return whether that is now; if not, it waits
   * @throws RejectedExecutionException if the threads take no more work
   */
  boolean execute(Line line, Runnable read) {
    synchronized (this) {
      State state = lines.computeIfAbsent(line, l -> new State(new ReadShare(bounds, now())));
      if (state.running >= state.share.atOnce()) {
        state.waiting.add(read);
        return false;
      }
      state.running++;
    }
    start(line, read);
    return true;
  }

  /** Is told by a read that runs what it brought: then more of them may begin. */
  void came(Line line, int bytes) {
    if (!hasGrown(line, bytes)) {
      return;
    }
    for (Runnable read = begun(line); read != null; read = begun(line)) {
      try {
        start(line, read);
      } catch (RejectedExecutionException | Error e) { // it is stopping, or has no more threads
        log.debug("no more of {} are read at once: {}", line.host(), e.toString());
        waitFirst(line, read);
        return;
      }
    }
  }

  private synchronized boolean hasGrown(Line line, int bytes) {
    State state = lines.get(line);
    if (state == null) {
      return false;
    }
    if (state.waiting.isEmpty()
        || state.running > state.share.atOnce()
        || areAllBusy.getAsBoolean()) {
      state.share.idle(now());
      return false;
    }
    if (state.running == state.share.atOnce()) {
      state.share.came(bytes, now());
    }
    return state.running < state.share.atOnce();
  }

  private synchronized @Nullable Runnable begun(Line line) {
    State state = lines.get(line);
    if (state == null || state.running >= state.share.atOnce() || state.waiting.isEmpty()) {
      return null;
    }
    state.running++;
    return state.waiting.remove();
  }

  private synchronized void waitFirst(Line line, Runnable read) {
    State state = lines.get(line);
    if (state != null) { // else none is left that could run it
      state.waiting.addFirst(read);
    }
  }

  private long now() {
    return nanoClock.getAsLong();
  }

  /** Returns how many wait in all lines. */
  synchronized int waiting() {
    return lines.values().stream().mapToInt(state -> state.waiting.size()).sum();
  }

  private void start(Line line, Runnable read) {
    boolean started = false;
    try {
      threads.execute(() -> run(line, read));
      started = true;
    } finally {
      if (!started) {
        hasEnded(line);
      }
    }
  }

  private void run(Line line, Runnable read) {
    read.run(); // never throws
    for (Runnable next = next(line); next != null; next = next(line)) {
      if (areAllBusy.getAsBoolean() && waits(line, next)) {
        return;
      }
      next.run();
    }
  }

  /** Puts a read behind all others that wait for a thread, if the threads take it. */
  private boolean waits(Line line, Runnable read) {
    try {
      threads.execute(() -> run(line, read));
      return true;
    } catch (RejectedExecutionException e) { // it is stopping: what is left ends in this thread
      log.debug("the next read of {} goes on in the same thread: {}", line.host(), e.toString());
      return false;
    }
  }

  /** Returns what runs when one has ended, if anything waits for its turn. */
  private synchronized @Nullable Runnable next(Line line) {
    hasEnded(line);
    return begun(line);
  }

  private synchronized void hasEnded(Line line) {
    State state = lines.get(line);
    if (state != null && --state.running == 0 && state.waiting.isEmpty()) {
      lines.remove(line);
    }
  }
}
