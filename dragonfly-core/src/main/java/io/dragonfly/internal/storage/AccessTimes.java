package io.dragonfly.internal.storage;

import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows when each task was last used: downloaded, requested, or uploaded to a peer. The store
 * remembers the times for later processes. Safe for concurrent use; only {@link #record} blocks.
 */
public final class AccessTimes {
  private static final Logger log = LoggerFactory.getLogger(AccessTimes.class);

  private final LongSupplier nanos;
  private final InstantSource clock;
  private final long start;
  private final Instant startTime;
  private final Map<TaskId, Long> last = new ConcurrentHashMap<>();
  private final Set<TaskId> unrecorded = ConcurrentHashMap.newKeySet();

  /**
   * No use so far.
   *
   * @param nanos monotonic nanoseconds: ages within this process do not depend on the clock
   * @param clock the time of day, which the store records for later processes
   */
  public AccessTimes(LongSupplier nanos, InstantSource clock) {
    this.nanos = nanos;
    this.clock = clock;
    this.start = nanos.getAsLong();
    this.startTime = clock.instant();
  }

  /** A task is used now. */
  public void used(TaskId task) {
    last.put(task, nanos.getAsLong());
    unrecorded.add(task);
  }

  /** A task is no longer stored. */
  public void forget(TaskId task) {
    last.remove(task);
    unrecorded.remove(task);
  }

  /** Returns the time since this process used a task, or since it started if it did not. */
  public Duration idle(TaskId task) {
    return Duration.ofNanos(nanos.getAsLong() - last.getOrDefault(task, start));
  }

  /** Returns the time since this process or an earlier one used a task. */
  public Duration age(StoredTask stored) {
    Duration idle = idle(stored.task().id());
    if (last.containsKey(stored.task().id())) {
      return idle;
    }
    Duration before =
        stored.lastUse().map(then -> Duration.between(then, startTime)).orElse(Duration.ZERO);
    return before.isNegative() ? idle : idle.plus(before);
  }

  /** Returns when this process or an earlier one used a task. */
  public Instant lastUse(StoredTask stored) {
    return clock.instant().minus(age(stored));
  }

  /** Has the store remember the uses since the last call. Blocks on the disk. */
  public void record(Storage storage) {
    for (TaskId id : List.copyOf(unrecorded)) {
      if (unrecorded.remove(id)) {
        storage.find(id).ifPresent(this::record);
      }
    }
  }

  private void record(StoredTask stored) {
    try {
      stored.used(lastUse(stored));
    } catch (IOException e) {
      log.warn("task {}: its use is not recorded: {}", stored.task().id().brief(), e.toString());
    }
  }
}
