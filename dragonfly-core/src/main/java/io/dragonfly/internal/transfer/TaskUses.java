package io.dragonfly.internal.transfer;

import io.dragonfly.task.TaskId;
import java.time.Duration;
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
  private final Map<TaskId, Long> last = new ConcurrentHashMap<>();
  private final AtomicLong lastGiven = new AtomicLong(NEVER);

  /**
   * No use so far.
   *
   * @param nanos monotonic time
   */
  TaskUses(LongSupplier nanos) {
    this.nanos = nanos;
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

  /** Returns how many nanoseconds ago something was last given to another peer. */
  OptionalLong sinceGiven() {
    long given = lastGiven.get();
    return given == NEVER ? OptionalLong.empty() : OptionalLong.of(nanos.getAsLong() - given);
  }
}
