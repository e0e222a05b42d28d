package io.dragonfly.internal.cdn;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Runs work for hosts on common threads, for each host no more than its share at once. What is too
 * much waits in the host's own line, so a slow host does not keep others waiting. Safe for
 * concurrent use.
 */
final class HostShares {
  private final Executor threads;
  private final int share;

  @GuardedBy("this")
  private final Map<String, Host> hosts = new HashMap<>();

  private static final class Host {
    private final Deque<Runnable> line = new ArrayDeque<>();
    private int running;
  }

  HostShares(Executor threads, int share) {
    this.threads = threads;
    this.share = share;
  }

  /**
   * Runs something when it is its turn.
   *
   * @return whether that is now; if not, it waits in line
   * @throws java.util.concurrent.RejectedExecutionException if the threads take no more work
   */
  boolean execute(String host, Runnable work) {
    synchronized (this) {
      Host its = hosts.computeIfAbsent(host, h -> new Host());
      if (its.running == share) {
        its.line.add(work);
        return false;
      }
      its.running++;
    }
    start(host, work);
    return true;
  }

  /** Returns how many wait in the lines of their hosts. */
  synchronized int waiting() {
    return hosts.values().stream().mapToInt(host -> host.line.size()).sum();
  }

  private void start(String host, Runnable work) {
    boolean started = false;
    try {
      threads.execute(() -> run(host, work));
      started = true;
    } finally {
      if (!started) {
        ended(host);
      }
    }
  }

  private void run(String host, Runnable work) {
    for (Runnable next = work; next != null; next = ended(host)) {
      next.run(); // never throws
    }
  }

  /** Returns what the host's thread does next, if anything waits. */
  private synchronized @Nullable Runnable ended(String host) {
    Host its = hosts.get(host);
    if (its == null) {
      return null;
    }
    Runnable next = its.line.poll();
    if (next == null && --its.running == 0) {
      hosts.remove(host);
    }
    return next;
  }
}
