package io.dragonfly.internal.supernode;

import com.google.common.base.Ticker;
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.internal.queue.FairQueue;
import io.dragonfly.internal.queue.Job;
import io.dragonfly.internal.queue.KeyedLimiter;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bounds the questions in flight to each source host. A host that says it has too many (429, 503),
 * or does not answer at all, gets half as many from then on, and slowly more again while it
 * answers: so one that is silent does not hold the threads that others need. Where all threads are
 * taken the hosts get them in turn. Safe for concurrent use.
 */
final class HostLimiter {
  private static final Logger log = LoggerFactory.getLogger(HostLimiter.class);

  private static final int MOST_REMEMBERED = 10_000;
  private static final Duration REMEMBERED = Duration.ofMinutes(10);

  private final int most;
  private final int mostWaiting;

  /** The bounds of hosts that can take less than others. */
  private final Cache<String, Double> limits;

  @GuardedBy("this")
  private final KeyedLimiter<String, Job<String>> limiter;

  /**
   * Gates of hosts that nobody has asked yet.
   *
   * @param mostInAll how many questions may be in flight
   * @param most how many of them to one host
   * @param mostWaiting how many more to one host may wait
   * @param nanos monotonic time
   */
  HostLimiter(int mostInAll, int most, int mostWaiting, LongSupplier nanos) {
    this.most = most;
    this.mostWaiting = mostWaiting;
    this.limits =
        CacheBuilder.newBuilder()
            .maximumSize(MOST_REMEMBERED)
            .expireAfterWrite(REMEMBERED)
            .ticker(
                new Ticker() {
                  @Override
                  public long read() {
                    return nanos.getAsLong();
                  }
                })
            .build();
    this.limiter =
        new KeyedLimiter<>(mostInAll, host -> (int) limit(host), FairQueue.byCount(Job::key));
  }

  private double limit(String host) {
    Double limit = limits.getIfPresent(host);
    return limit == null ? most : limit;
  }

  /**
   * Starts a question when it is its turn.
   *
   * @param probe must not block; {@link #done} follows when it has been answered
   * @return whether it has been or will be started; if not, too many wait already
   */
  boolean enter(String host, Runnable probe) {
    synchronized (this) {
      if (!limiter.tryStart(host)) {
        boolean mayWait = limiter.waiting(host) < mostWaiting;
        if (mayWait) {
          limiter.add(new Job<>(host, probe));
        }
        return mayWait;
      }
    }
    probe.run();
    return true;
  }

  /** A question has been answered. */
  void done(String host, Optional<Throwable> failure) {
    List<Job<String>> next = new ArrayList<>();
    synchronized (this) {
      adjust(host, failure);
      limiter.endOne(host);
      limiter.startAll(next::add);
    }
    next.forEach(Job::run);
  }

  private void adjust(String host, Optional<Throwable> failure) {
    double limit = limit(host);
    if (failure.filter(HostLimiter::isTooMuch).isPresent()) {
      double less = Math.max(1, limit / 2);
      limits.put(host, less);
      if (less < limit) {
        log.warn(
            "{} is overloaded or does not respond: at most {} concurrent requests from now on",
            host,
            (int) less);
      }
    } else if (failure.isEmpty() && limit < most) {
      limits.put(host, Math.min(most, limit + 1 / limit));
    }
  }

  /** Returns how many questions are in flight to all hosts. */
  synchronized int running() {
    return limiter.running();
  }

  /** Returns how many questions wait. */
  synchronized int waiting() {
    return limiter.waiting();
  }

  private static boolean isTooMuch(Throwable failure) {
    if (failure instanceof SourceFailedException failed) {
      return failed.status().isEmpty()
          || failed.status().getAsInt() == 429
          || failed.status().getAsInt() == 503;
    }
    return failure instanceof IOException;
  }
}
