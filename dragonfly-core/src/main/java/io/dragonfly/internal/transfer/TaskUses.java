package io.dragonfly.internal.transfer;

import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Knows when tasks were last used: fetched here, or given to somebody else. What was there before
 * counts as used when the client started. Safe for concurrent use; nothing blocks.
 */
final class TaskUses {
  private static final long NEVER = Long.MIN_VALUE;

  private final LongSupplier nanos;
  private final long start;
  private final Instant startTime;
  private final Map<TaskId, Long> last = new ConcurrentHashMap<>();
  private final AtomicLong lastGiven = new AtomicLong(NEVER);

  /**
   * No use so far.
   *
   * @param nanos monotonic time
   * @param startTime the time of day, which what earlier processes recorded is compared with
   */
  TaskUses(LongSupplier nanos, Instant startTime) {
    this.nanos = nanos;
    this.startTime = startTime;
    this.start = nanos.getAsLong();
  }

  /** A fetch of a task begins or ends. */
  void fetched(TaskId task) {
    last.put(task, nanos.getAsLong());
  }

  /** Bytes of a task go to another peer. */
  void given(TaskId task) {
    long now = nanos.getAsLong();
    last.put(task, now);
    lastGiven.set(now);
  }

  /** A task is no longer stored. */
  void forget(TaskId task) {
    last.remove(task);
  }

  /** Tells whether a task was not used for longer than a time. */
  boolean isIdle(TaskId task, Duration time) {
    return nanos.getAsLong() - last.getOrDefault(task, start) > time.toNanos();
  }

  /** Returns how long ago a task was used, by this process or an earlier one. */
  Duration age(StoredTask stored) {
    long now = nanos.getAsLong();
    Long here = last.get(stored.task().id());
    if (here != null) {
      return Duration.ofNanos(now - here);
    }
    Duration before =
        stored.lastUse().map(then -> Duration.between(then, startTime)).orElse(Duration.ZERO);
    return Duration.ofNanos(now - start).plus(before.isNegative() ? Duration.ZERO : before);
  }

  /** Returns how many nanoseconds ago something was last given to another peer. */
  OptionalLong sinceGiven() {
    long given = lastGiven.get();
    return given == NEVER ? OptionalLong.empty() : OptionalLong.of(nanos.getAsLong() - given);
  }
}
