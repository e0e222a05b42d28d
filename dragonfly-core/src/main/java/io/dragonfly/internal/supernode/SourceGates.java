package io.dragonfly.internal.supernode;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.error.SourceFailedException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bounds the questions in flight to each source host. A host that says it has too many (429, 503)
 * gets half as many from then on, and slowly more again while it answers. Safe for concurrent use.
 */
final class SourceGates {
  private static final Logger log = LoggerFactory.getLogger(SourceGates.class);

  private final int most;
  private final int mostWaiting;

  @GuardedBy("this")
  private final Map<String, Gate> gates = new HashMap<>();

  private final class Gate {
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private double limit = most;
    private int inFlight;

    boolean hasRoom() {
      return inFlight < (int) limit;
    }

    boolean isIdle() {
      return inFlight == 0 && waiting.isEmpty() && limit >= most;
    }
  }

  SourceGates(int most, int mostWaiting) {
    this.most = most;
    this.mostWaiting = mostWaiting;
  }

  /**
   * Starts a question when it is its turn.
   *
   * @param question must not block; {@link #done} follows when it has been answered
   * @return whether it has been or will be started; if not, too many wait already
   */
  boolean enter(String host, Runnable question) {
    synchronized (this) {
      Gate gate = gates.computeIfAbsent(host, h -> new Gate());
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
        gate.limit = Math.max(1, gate.limit / 2);
        log.warn("{} is overloaded: {} questions at once from now on", host, (int) gate.limit);
      } else if (failure.isEmpty()) {
        gate.limit = Math.min(most, gate.limit + 1 / gate.limit);
      }
      while (gate.hasRoom() && !gate.waiting.isEmpty()) {
        gate.inFlight++;
        next.add(gate.waiting.remove());
      }
      if (gate.isIdle()) {
        gates.remove(host);
      }
    }
    next.forEach(Runnable::run);
  }

  private static boolean isTooMuch(Throwable failure) {
    if (failure instanceof SourceFailedException failed) {
      int status = failed.status().orElse(0);
      return status == 429 || status == 503;
    }
    return false;
  }
}
