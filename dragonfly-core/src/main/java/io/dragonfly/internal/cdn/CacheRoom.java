package io.dragonfly.internal.cdn;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes room for tasks: within the cache's own quota and on the disk, by giving up those that were
 * used longest ago, and never one that somebody wants. Safe for concurrent use; blocks on the disk.
 */
final class CacheRoom {
  private static final Logger log = LoggerFactory.getLogger(CacheRoom.class);

  private final Storage storage;
  private final CacheUses uses;
  private final long quotaBytes;
  private final Owner owner;

  /** What each task takes up, or will when it is read. */
  @GuardedBy("this")
  private final Map<TaskId, Long> charged = new HashMap<>();

  @GuardedBy("this")
  private long total;

  /** Knows what tasks are wanted for. */
  interface Owner {
    /** Tells whether somebody wants a task just now, or it is being read. */
    boolean isWanted(StoredTask stored);

    /** Tells whether anybody takes part in a task, were it only to give it to others. */
    boolean isHeld(StoredTask stored);

    /** Tells whether a task takes up no room, since it is only passed on. */
    boolean isPassedOn(TaskId task);

    /** Frees a task's room, unless somebody wants it by now; tells whether it did. */
    boolean giveUp(StoredTask stored);
  }

  /**
   * The room of one cache.
   *
   * @param quotaBytes what all tasks together take up at most
   */
  CacheRoom(Storage storage, CacheUses uses, long quotaBytes, Owner owner) {
    this.storage = storage;
    this.uses = uses;
    this.quotaBytes = quotaBytes;
    this.owner = owner;
    storage.tasks().forEach(stored -> charge(stored.task().id(), held(stored)));
  }

  /**
   * Makes room for a task, or finds what there is of it.
   *
   * @throws NoSpaceException if there is not enough even when all is given up that nobody wants
   */
  StoredTask create(Task task) throws IOException {
    long length = task.layout().length().orElse(0);
    long before = charge(task.id(), Math.max(length, charged(task.id())));
    boolean made = false;
    try {
      requireQuota(task.id());
      StoredTask stored = createOnDisk(task);
      made = true;
      return stored;
    } finally {
      if (!made) {
        charge(task.id(), before);
      }
    }
  }

  private StoredTask createOnDisk(Task task) throws IOException {
    while (true) {
      try {
        return storage.create(task);
      } catch (NoSpaceException e) {
        if (!free(task.id(), e)) {
          throw e;
        }
      }
    }
  }

  /**
   * A task of unknown length grows.
   *
   * @throws NoSpaceException if that is more than the quota allows
   */
  void grown(TaskId task, long bytes) {
    if (bytes > charged(task) && !owner.isPassedOn(task)) {
      charge(task, bytes);
      requireQuota(task);
    }
  }

  private void requireQuota(TaskId task) {
    long over = over();
    if (over > 0 && !free(task, over, stored -> charged(stored.task().id()))) {
      throw new NoSpaceException(
          ("Task %s does not fit into the quota of %d bytes: %d too many are in use. Raise the"
                  + " quota, or wait until tasks are no longer wanted.")
              .formatted(task.brief(), quotaBytes, over),
          charged(task),
          Math.max(0, charged(task) - over),
          null);
    }
  }

  /**
   * The disk has not enough room for a task: gives up others.
   *
   * @return whether there may be enough now
   */
  boolean free(TaskId kept, NoSpaceException lacking) {
    return free(kept, lacking.neededBytes() - lacking.freeBytes(), CacheRoom::held);
  }

  /** Gives up tasks, the one used longest ago first; none if all together would not do. */
  private boolean free(TaskId kept, long bytes, ToLongFunction<StoredTask> room) {
    List<StoredTask> candidates =
        storage.tasks().stream()
            .filter(stored -> !stored.task().id().equals(kept) && !stored.isPinned())
            .filter(stored -> room.applyAsLong(stored) > 0 && !owner.isWanted(stored))
            .sorted(Comparator.comparing(uses::lastUse))
            .toList();
    if (candidates.stream().mapToLong(room).sum() < bytes) {
      return false;
    }
    long freed = 0;
    for (StoredTask stored : candidates) {
      long held = room.applyAsLong(stored);
      if (freed < bytes && owner.giveUp(stored)) {
        freed += held;
        log.info(
            "task {}: given up to make room for task {}, {} bytes, last used {}",
            stored.task().id().brief(),
            kept.brief(),
            held,
            uses.lastUse(stored));
      }
    }
    return freed >= bytes;
  }

  /**
   * Returns the bytes of the pieces that are there, or a little more if the last one is missing.
   */
  static long held(StoredTask stored) {
    PieceLayout layout = stored.task().layout();
    long most = (long) stored.pieces().cardinality() * layout.pieceLength();
    return Math.min(most, layout.length().orElse(most));
  }

  private synchronized long over() {
    return total - quotaBytes;
  }

  private synchronized long charged(TaskId task) {
    return charged.getOrDefault(task, 0L);
  }

  private synchronized long charge(TaskId task, long bytes) {
    Long before = bytes == 0 ? charged.remove(task) : charged.put(task, bytes);
    long old = before == null ? 0 : before;
    total += bytes - old;
    return old;
  }

  /** A task is no longer written: it takes up what is there, and nothing if that is nothing. */
  void settle(TaskId task) {
    charge(task, storage.find(task).map(CacheRoom::held).orElse(0L));
  }

  /** Returns the bytes that all tasks take up, or will when they are read. */
  synchronized long totalBytes() {
    return total;
  }
}
