package io.dragonfly.internal.supernode;

import com.google.common.base.Ticker;
import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.error.SourceFailedException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bounds the questions in flight to each source host. A host that says it has too many (429, 503),
 * or does not answer at all, gets half as many from then on, and slowly more again while it
 * answers: so one that is silent does not hold the threads that others need. Safe for concurrent
 * use.
 */
final class SourceGates {
  private static final Logger log = LoggerFactory.getLogger(SourceGates.class);

  private static final int MOST_REMEMBERED = 10_000;
  private static final Duration REMEMBERED = Duration.ofMinutes(10);

  private final int most;
  private final int mostWaiting;
  private final LongSupplier nanos;

  @GuardedBy("this")
  private final Map<String, Gate> gates = new HashMap<>();

  /** What hosts can take that are not asked just now, and took less than others before. */
  private final Cache<String, Double> limits =
      CacheBuilder.newBuilder()
          .maximumSize(MOST_REMEMBERED)
          .expireAfterWrite(REMEMBERED)
          .ticker(ticker())
          .build();

  private Ticker ticker() {
    return new Ticker() {
      @Override
      public long read() {
        return nanos.getAsLong();
      }
    };
  }

  private static final class Gate {
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private double limit;
    private int inFlight;

    Gate(double limit) {
      this.limit = limit;
    }

    boolean hasRoom() {
      return inFlight < (int) limit;
    }

    boolean isIdle() {
      return inFlight == 0 && waiting.isEmpty();
    }
  }

  /**
   * Gates of hosts that nobody has asked yet.
   *
   * @param most how many questions to a host may be in flight
   * @param mostWaiting how many more may wait
   * @param nanos monotonic time
   */
  SourceGates(int most, int mostWaiting, LongSupplier nanos) {
    this.most = most;
    this.mostWaiting = mostWaiting;
    this.nanos = nanos;
  }

  /**
   * Starts a question when it is its turn.
   *
   * @param question must not block; {@link #done} follows when it has been answered
   * @return whether it has been or will be started; if not, too many wait already
   */
  boolean enter(String host, Runnable question) {
    synchronized (this) {
      Gate gate = gates.computeIfAbsent(host, this::newGate);
      if (!gate.hasRoom()) {
        return gate.waiting.size() < mostWaiting && gate.waiting.add(question);
      }
      gate.inFlight++;
    }
    question.run();
    return true;
  }

  /** A question has been answered. */
  void done(String host, Optional<Throwable> failure) {
    List<Runnable> next = new ArrayList<>();
    synchronized (this) {
      Gate gate = gates.get(host);
      if (gate == null) {
        return;
      }
      gate.inFlight--;
      if (failure.filter(SourceGates::isTooMuch).isPresent()) {
        if (gate.limit > 1) {
          gate.limit = Math.max(1, gate.limit / 2);
          log.warn(
              "{} is overloaded or silent: {} questions at once from now on",
              host,
              (int) gate.limit);
        }
      } else if (failure.isEmpty()) {
        gate.limit = Math.min(most, gate.limit + 1 / gate.limit);
      }
      while (gate.hasRoom() && !gate.waiting.isEmpty()) {
        gate.inFlight++;
        next.add(gate.waiting.remove());
      }
      if (gate.isIdle()) {
        gates.remove(host);
        remember(host, gate.limit);
      }
    }
    next.forEach(Runnable::run);
  }

  /** Returns how many questions are in flight to all hosts. */
  synchronized int running() {
    return gates.values().stream().mapToInt(gate -> gate.inFlight).sum();
  }

  /** Returns how many questions wait. */
  synchronized int waiting() {
    return gates.values().stream().mapToInt(gate -> gate.waiting.size()).sum();
  }

  private Gate newGate(String host) {
    Double limit = limits.getIfPresent(host);
    return new Gate(limit == null ? most : limit);
  }

  private void remember(String host, double limit) {
    if (limit < most) {
      limits.put(host, limit);
    } else {
      limits.invalidate(host);
    }
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
