package io.dragonfly.internal.cdn;

import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows when each task was last used: wanted by a peer, or given to one. What earlier processes
 * knew the store remembers. Safe for concurrent use; {@link #used} does not block.
 */
final class CacheUses {
  private static final Logger log = LoggerFactory.getLogger(CacheUses.class);

  private final Clock clock;
  private final Instant start;
  private final Map<TaskId, Instant> last = new ConcurrentHashMap<>();
  private final Map<TaskId, Instant> unrecorded = new ConcurrentHashMap<>();

  CacheUses(Clock clock) {
    this.clock = clock;
    this.start = clock.instant();
  }

  void used(TaskId task) {
    Instant now = clock.instant();
    last.put(task, now);
    unrecorded.put(task, now);
  }

  Instant lastUse(StoredTask stored) {
    Instant here = last.get(stored.task().id());
    return here != null ? here : stored.lastUse().orElse(start);
  }

  void forget(TaskId task) {
    last.remove(task);
    unrecorded.remove(task);
  }

  /** Tells the store of the uses since the last time. Blocks on the disk. */
  void record(Storage storage) {
    for (TaskId id : List.copyOf(unrecorded.keySet())) {
      Instant when = unrecorded.remove(id);
      if (when != null) {
        storage.find(id).ifPresent(stored -> record(stored, when));
      }
    }
  }

  private static void record(StoredTask stored, Instant when) {
    try {
      stored.used(when);
    } catch (IOException e) {
      log.warn("task {}: its use is not recorded: {}", stored.task().id().brief(), e.toString());
    }
  }
}
