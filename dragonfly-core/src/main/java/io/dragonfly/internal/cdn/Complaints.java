package io.dragonfly.internal.cdn;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.error.DistributionException;
import io.dragonfly.spi.StoredTask;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
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

  /** Since when pieces cannot be read, though the store has them. */
  @GuardedBy("this")
  private final Map<Integer, Long> unreadableNanos = new HashMap<>();

  /** Those that were bad and are perhaps not there anew yet. */
  @GuardedBy("this")
  private final Set<Integer> lost = new HashSet<>();

  Complaints(CdnTask task, CdnCache cache) {
    this.task = task;
    this.cache = cache;
  }

  /**
   * Checks a piece in the background. One that was intact a moment ago is not read: to complain
   * shall not be cheaper than that. Nor is one that was lost and is not there anew.
   */
  void check(int piece) {
    StoredTask given = task.serving();
    synchronized (this) {
      boolean isThere = given.has(piece);
      if (isThere) {
        lost.remove(piece);
      }
      if ((isThere && isFresh(intactNanos.get(piece)))
          || lost.contains(piece)
          || !checking.add(piece)) {
        return;
      }
    }
    given.suspect(piece);
    cache.threads().inBackground(() -> checkNow(piece));
  }

  private boolean isFresh(@Nullable Long nanos) {
    return nanos != null && cache.nanos() - nanos < PAUSE.toNanos();
  }

  private void checkNow(int piece) {
    StoredTask given = task.serving();
    try {
      boolean isThere = given.has(piece);
      // One that was passed on and has gone is not damaged.
      boolean isGone = given.digest(piece).isEmpty() || (task.isPassedOn() && !isThere);
      if (!isGone && !(isThere && isIntact(given, piece))) {
        log.warn("task {}: piece {} was damaged in the store", name(), piece);
        lose(given, piece, isThere);
      }
    } finally {
      synchronized (this) {
        checking.remove(piece);
      }
    }
  }

  /** A disk that fails for a moment does not make a piece bad; one that goes on failing does. */
  private boolean isIntact(StoredTask given, int piece) {
    boolean intact;
    try {
      intact = StoredPieces.isIntact(given, piece, null);
    } catch (IOException | DistributionException e) {
      log.warn("task {}: piece {} cannot be checked: {}", name(), piece, e.toString());
      synchronized (this) {
        return isFresh(unreadableNanos.computeIfAbsent(piece, p -> cache.nanos()));
      }
    }
    synchronized (this) {
      unreadableNanos.remove(piece);
      if (intact) {
        intactNanos.put(piece, cache.nanos());
      }
    }
    return intact;
  }

  private void lose(StoredTask given, int piece, boolean isThere) {
    if (isThere) { // one that was not may be there anew
      try {
        given.unseal(piece);
      } catch (IOException | DistributionException e) {
        log.warn("task {}: piece {} cannot be withdrawn: {}", name(), piece, e.toString());
      }
    }
    synchronized (this) {
      unreadableNanos.remove(piece);
      lost.add(piece);
    }
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
