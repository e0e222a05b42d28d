package io.dragonfly.internal.cdn;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.spi.StoredTask;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What is made of complaints about pieces of one task. The store itself may have withdrawn a piece,
 * and a read may put it there again, at any moment. Safe for concurrent use.
 */
final class Complaints {
  private static final Logger log = LoggerFactory.getLogger(Complaints.class);

  private static final Duration PAUSE = Duration.ofSeconds(10);

  private final CdnTask task;
  private final CdnCache cache;

  @GuardedBy("this")
  private final Set<Integer> checking = new HashSet<>();

  /** When pieces were last found to be intact. */
  @GuardedBy("this")
  private final Map<Integer, Long> intactNanos = new HashMap<>();

  /** Those that were bad, and have perhaps not been read again yet. */
  @GuardedBy("this")
  private final Set<Integer> lost = new HashSet<>();

  Complaints(CdnTask task, CdnCache cache) {
    this.task = task;
    this.cache = cache;
  }

  /**
   * Checks a piece in the background. One that was intact a moment ago is not read: to complain
   * shall not be cheaper than that. Nor is one that is being read again.
   */
  void check(int piece) {
    StoredTask given = task.serving();
    boolean isThere = given.has(piece);
    synchronized (this) {
      Long intact = intactNanos.get(piece);
      boolean isFresh = intact != null && cache.nanos() - intact < PAUSE.toNanos() && isThere;
      if (isThere) {
        lost.remove(piece);
      }
      if (isFresh || lost.contains(piece) || !checking.add(piece)) {
        return;
      }
    }
    given.suspect(piece);
    cache.threads().inBackground(() -> checkNow(piece));
  }

  private void checkNow(int piece) {
    StoredTask given = task.serving();
    boolean intact = true;
    try {
      intact = isIntact(given, piece);
    } catch (IOException e) {
      log.warn("task {}: piece {} cannot be checked: {}", name(), piece, e.toString());
    }
    synchronized (this) {
      checking.remove(piece);
      if (intact) {
        intactNanos.put(piece, cache.nanos());
      } else {
        lost.add(piece);
      }
    }
    if (!intact) {
      log.warn("task {}: piece {} was damaged in the store", name(), piece);
      lost(given, piece);
    }
  }

  /** Looks at a piece; one that was passed on and has gone is not damaged. */
  private boolean isIntact(StoredTask given, int piece) throws IOException {
    boolean isThere = given.has(piece);
    boolean isGone = given.digest(piece).isEmpty() || (task.isPassedOn() && !isThere);
    if (isGone || (isThere && StoredPieces.isIntact(given, piece, null))) {
      return true;
    }
    if (isThere) {
      given.unseal(piece); // one that was not may be there anew
    }
    return false;
  }

  private void lost(StoredTask given, int piece) {
    cache.listener().lost(task.task().id(), piece);
    if (given.has(piece)) {
      // Somebody has had it read meanwhile, and that may have been told before.
      given.digest(piece).ifPresent(d -> cache.listener().sealed(task.task(), piece, d));
    }
    task.readLost();
  }

  private String name() {
    return task.task().id().brief();
  }
}
