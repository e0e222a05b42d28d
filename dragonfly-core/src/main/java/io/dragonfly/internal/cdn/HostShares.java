package io.dragonfly.internal.cdn;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.control.Queued;
import io.dragonfly.internal.cdn.CdnSettings.ReadsPerHost;
import io.dragonfly.internal.queue.FairQueue;
import io.dragonfly.internal.queue.Job;
import io.dragonfly.internal.queue.KeyedLimiter;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs source downloads on common threads, of each line no more than its share at the same time.
 * The others wait: in each line in the order in which they came, and for a thread in turn with the
 * other lines. So a host with many downloads does not keep others waiting. Safe for concurrent use.
 */
final class HostShares {
  private static final Logger log = LoggerFactory.getLogger(HostShares.class);

  private final Executor threads;
  private final ReadsPerHost bounds;
  private final LongSupplier nanoClock;

  /** The shares of the lines in which a download waits or runs. */
  @GuardedBy("this")
  private final Map<Line, AdaptiveConcurrency> shares = new HashMap<>();

  @GuardedBy("this")
  private final KeyedLimiter<Line, Job<Line>> limiter;

  /**
   * The downloads that share a bound.
   *
   * @param host with its port
   * @param size keeps small files from waiting for larger ones
   */
  record Line(String host, Size size) {}

  /** Classes of file lengths. */
  enum Size {
    /** Up to 1 MiB: the buffers of its connection hold most of it while it waits. */
    SMALL(1 << 20),
    /** Up to 4 MiB: its connection may stay open while it waits. */
    MEDIUM(4 << 20),
    LARGE(Long.MAX_VALUE);

    private final long most;

    Size(long most) {
      this.most = most;
    }

    /** Returns the class of a file of this length in bytes. */
    static Size of(long bytes) {
      return bytes <= SMALL.most ? SMALL : bytes <= MEDIUM.most ? MEDIUM : LARGE;
    }
  }

  /**
   * Runs nothing yet.
   *
   * @param threads run the downloads
   * @param most how many threads there are
   */
  HostShares(Executor threads, int most, ReadsPerHost bounds, LongSupplier nanoClock) {
    this.threads = threads;
    this.bounds = bounds;
    this.nanoClock = nanoClock;
    this.limiter = new KeyedLimiter<>(most, this::bound, FairQueue.byCount(Job::key));
  }

  private synchronized int bound(Line line) {
    AdaptiveConcurrency share = shares.get(line);
    return share == null ? bounds.least() : share.atOnce();
  }

  /**
   * Runs a download when it is its turn. It must not throw.
   *
   * @param hasRun whether it has run before: then it keeps its place, before those that have not
   * @return whether it runs now; if not, it waits
   * @throws RejectedExecutionException if the threads take no more work. The download no longer
   *     waits then, nor after an {@link Error}
   */
  boolean execute(Job<Line> read, boolean hasRun) {
    synchronized (this) {
      shares.computeIfAbsent(read.key(), line -> new AdaptiveConcurrency(bounds, now()));
      if (hasRun) {
        limiter.addAgain(read);
      } else {
        limiter.add(read);
      }
    }
    try {
      return startWaiting(read);
    } catch (RejectedExecutionException | Error e) { // no memory for a thread, for example
      end(read);
      throw e;
    }
  }

  /** Starts what may run, and returns whether the given one was among it. */
  private boolean startWaiting(@Nullable Job<Line> wanted) {
    boolean hasStarted = false;
    for (Job<Line> read = next(); read != null; read = next()) {
      Job<Line> started = read;
      boolean isRunning = false;
      try {
        threads.execute(() -> run(started));
        isRunning = true;
        hasStarted |= started == wanted;
      } finally {
        if (!isRunning) {
          waitAgain(started);
        }
      }
    }
    return hasStarted;
  }

  private synchronized @Nullable Job<Line> next() {
    return limiter.next();
  }

  private synchronized void waitAgain(Job<Line> read) {
    limiter.end(read);
    limiter.addAgain(read);
  }

  /** Runs a download, and then in the same thread what may run in its place. */
  private void run(Job<Line> first) {
    for (Job<Line> read = first; read != null; read = next()) {
      read.run();
      end(read);
    }
  }

  private synchronized void end(Job<Line> read) {
    limiter.end(read);
    if (!limiter.isUsed(read.key())) {
      shares.remove(read.key());
    }
  }

  /** Counts bytes of a download that runs: more of its line may start if that brings more bytes. */
  void came(Line line, int bytes) {
    if (hasGrown(line, bytes)) {
      try {
        startWaiting(null);
      } catch (RejectedExecutionException | Error e) { // it is stopping, or has no more threads
        log.debug("no more of {} are read at once: {}", line.host(), e.toString());
      }
    }
  }

  private synchronized boolean hasGrown(Line line, int bytes) {
    AdaptiveConcurrency share = shares.get(line);
    if (share == null) {
      return false;
    }
    int running = limiter.running(line);
    if (limiter.waiting(line) == 0 || running > share.atOnce() || limiter.isFull()) {
      share.idle(now());
    } else if (running == share.atOnce()) {
      share.came(bytes, now());
    }
    limiter.boundChanged(line);
    return limiter.waiting(line) > 0 && running < share.atOnce();
  }

  private long now() {
    return nanoClock.getAsLong();
  }

  /** Returns how many wait in all lines. */
  synchronized int waiting() {
    return limiter.waiting();
  }

  /** Returns the place of a read in its queue; empty if it does not wait there. */
  synchronized Optional<Queued> place(Job<Line> read) {
    int before = limiter.waitingBefore(read);
    return before < 0
        ? Optional.empty()
        : Optional.of(new Queued(Queued.Reason.SOURCE, before + 1, limiter.waiting(read.key())));
  }
}
