package io.dragonfly.internal.cdn;

import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks from time to time for tasks that nobody has used for long, and gives them up. */
final class CacheSweep {
  private static final Logger log = LoggerFactory.getLogger(CacheSweep.class);
  private static final Duration RARELY = Duration.ofMinutes(1);

  private final Storage storage;
  private final CacheUses uses;
  private final CacheRoom.Owner owner;
  private final Duration taskTtl;
  private final CdnCache.Time time;

  /**
   * A sweep that has not started.
   *
   * @param taskTtl how long a task is kept that nobody uses; zero for ever
   */
  CacheSweep(
      Storage storage,
      CacheUses uses,
      CacheRoom.Owner owner,
      Duration taskTtl,
      CdnCache.Time time) {
    this.storage = storage;
    this.uses = uses;
    this.owner = owner;
    this.taskTtl = taskTtl;
    this.time = time;
  }

  /**
   * Begins, and goes on until the timer is shut down.
   *
   * @param background runs what blocks on the disk
   */
  void start(Executor background) {
    Duration quarter = taskTtl.dividedBy(4);
    boolean isSoon = !taskTtl.isZero() && quarter.compareTo(RARELY) < 0;
    DaemonThreads.later(
        time.timer(), isSoon ? quarter : RARELY, () -> background.execute(() -> sweep(background)));
  }

  private void sweep(Executor background) {
    try {
      uses.record(storage);
      if (!taskTtl.isZero()) {
        Instant eldest = time.clock().instant().minus(taskTtl);
        storage.tasks().stream()
            .filter(stored -> !stored.isPinned() && uses.lastUse(stored).isBefore(eldest))
            .filter(stored -> !owner.isWanted(stored) && !hasNothingToGive(stored))
            .forEach(this::expire);
      }
    } catch (RuntimeException e) {
      log.error("looking for tasks that nobody uses failed", e);
    } finally {
      start(background);
    }
  }

  /** The bytes are gone already; the digests stay as long as a peer holds the task. */
  private boolean hasNothingToGive(StoredTask stored) {
    return owner.isHeld(stored) && stored.pieces().isEmpty();
  }

  private void expire(StoredTask stored) {
    if (owner.giveUp(stored)) {
      log.info("task {}: given up, nobody used it for {}", stored.task().id().brief(), taskTtl);
    }
  }
}
