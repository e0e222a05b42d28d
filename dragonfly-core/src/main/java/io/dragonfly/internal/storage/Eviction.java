package io.dragonfly.internal.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.NoSpaceException.Resource;
import io.dragonfly.error.StorageException;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a store within its quota and its disk: evicts the least recently used tasks where a new one
 * does not fit, and all that nobody has used for their TTL. Never a pinned one, nor one that its
 * owner uses; and none if all together would not free enough. Safe for concurrent use; blocks on
 * the disk.
 */
public final class Eviction {
  /**
   * How often space is freed for one task. A disk may stay full whatever is deleted: outputs are
   * links to the same data, and other processes write. Each time at least twice as many tasks go.
   */
  public static final int MOST_TRIES = 10;

  private static final Logger log = LoggerFactory.getLogger(Eviction.class);
  private static final Duration SWEEP = Duration.ofMinutes(1);

  private final Storage storage;
  private final AccessTimes times;
  private final long quotaBytes;
  private final Duration ttl;
  private final Owner owner;

  /** The bytes that each task has, or will have when it is downloaded. */
  @GuardedBy("this")
  private final Map<TaskId, Long> charged = new HashMap<>();

  @GuardedBy("this")
  private long total;

  /** Knows which tasks are used. */
  public interface Owner {
    /** Returns which tasks are used now, and so must stay. May block. */
    Predicate<StoredTask> used();

    /**
     * Frees a task's space unless the task is used by now, {@link #settle}s it, and tells whether
     * it did.
     *
     * @throws IOException if the disk does not allow it
     */
    boolean evict(StoredTask stored) throws IOException;
  }

  private record Candidate(StoredTask stored, long size, Duration age) {}

  /**
   * The eviction of one store.
   *
   * @param quotaBytes what all tasks together may have; {@link Long#MAX_VALUE} for no quota
   * @param ttl how long a task is kept that nobody uses; zero to keep it
   */
  public Eviction(Storage storage, AccessTimes times, long quotaBytes, Duration ttl, Owner owner) {
    this.storage = storage;
    this.times = times;
    this.quotaBytes = quotaBytes;
    this.ttl = ttl;
    this.owner = owner;
    storage.tasks().forEach(stored -> charge(stored.task().id(), held(stored)));
  }

  /**
   * Creates a task in the store, or finds what is there of it.
   *
   * @throws NoSpaceException if it does not fit, even without all tasks that may be evicted
   */
  public StoredTask create(Task task) throws IOException {
    long length = task.layout().length().orElse(0);
    long before = charge(task.id(), Math.max(length, charged(task.id())));
    boolean created = false;
    try {
      requireQuota(task.id());
      StoredTask stored = createOnDisk(task);
      created = true;
      return stored;
    } finally {
      if (!created) {
        charge(task.id(), before);
      }
    }
  }

  private StoredTask createOnDisk(Task task) throws IOException {
    for (int tries = 1; ; tries++) {
      try {
        return storage.create(task);
      } catch (NoSpaceException e) {
        if (!free(task.id(), e, tries)) {
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
  public void grown(TaskId task, long bytes) {
    if (bytes > charged(task)) {
      charge(task, bytes);
      requireQuota(task);
    }
  }

  private void requireQuota(TaskId task) {
    long over = totalBytes() - quotaBytes;
    if (over > 0 && !free(task, over, 1, stored -> charged(stored.task().id()))) {
      long bytes = charged(task);
      throw new NoSpaceException(
          Resource.QUOTA,
          ("Task %s of %d bytes does not fit into the quota of %d bytes: %d too many are pinned or"
                  + " in use. Raise the quota, or try again when they are no longer used.")
              .formatted(task.brief(), bytes, quotaBytes, over),
          bytes,
          Math.max(0, bytes - over),
          null);
    }
  }

  /**
   * Evicts tasks because the disk has no room for another one.
   *
   * @param tries how often that was done for this task in a row, this time included
   * @return whether there may be room now. False without any eviction after {@link #MOST_TRIES}
   */
  public boolean free(TaskId kept, NoSpaceException lacking, int tries) {
    if (tries > MOST_TRIES) {
      return false;
    }
    int atLeast = 1 << (tries - 1);
    // At least one: the kernel may have called a disk full that has free bytes.
    long bytes = Math.max(1, lacking.neededBytes() - lacking.freeBytes());
    return switch (lacking.resource()) {
      // Not even an empty disk would help.
      case FILE_SIZE -> false;
      // Each task is a few files.
      case INODES -> free(kept, 1, atLeast, stored -> 1);
      // The kernel does not say how many bytes of a user's quota are used.
      case QUOTA -> free(kept, bytes, atLeast, stored -> Math.max(1, held(stored)));
      case DISK -> free(kept, bytes, atLeast, Eviction::held);
    };
  }

  /** Evicts the least recently used tasks; none if all together would not be enough. */
  private boolean free(TaskId kept, long needed, int atLeast, ToLongFunction<StoredTask> size) {
    Predicate<StoredTask> used = owner.used();
    List<Candidate> candidates =
        storage.tasks().stream()
            .filter(stored -> !stored.task().id().equals(kept) && !stored.isPinned())
            .filter(stored -> !used.test(stored))
            .map(stored -> new Candidate(stored, size.applyAsLong(stored), times.age(stored)))
            .filter(candidate -> candidate.size() > 0)
            .sorted(Comparator.comparing(Candidate::age).reversed())
            .toList();
    if (candidates.stream().mapToLong(Candidate::size).sum() < needed) {
      return false;
    }
    long freed = 0;
    int evicted = 0;
    for (Candidate candidate : candidates) {
      if ((freed < needed || evicted < atLeast) && evict(candidate.stored())) {
        freed += candidate.size();
        evicted++;
        log.info(
            "task {}: evicted to free space for task {}, unused for {} s",
            candidate.stored().task().id().brief(),
            kept.brief(),
            candidate.age().toSeconds());
      }
    }
    return freed >= needed;
  }

  private boolean evict(StoredTask stored) {
    try {
      return owner.evict(stored);
    } catch (IOException | NoSpaceException e) {
      log.warn("task {} cannot be evicted: {}", stored.task().id().brief(), e.toString());
      settle(stored.task().id()); // part of it may be gone
      return false;
    }
  }

  /**
   * Records uses and evicts what nobody has used for the TTL, from now on from time to time.
   *
   * @param later runs something after a pause, on a thread that may block, or never if its owner is
   *     closing
   */
  public void sweepFromNowOn(BiConsumer<Duration, Runnable> later) {
    Duration quarter = ttl.dividedBy(4);
    boolean isSoon = !ttl.isZero() && quarter.compareTo(SWEEP) < 0;
    later.accept(
        isSoon ? quarter : SWEEP,
        () -> {
          try {
            sweep();
          } catch (StorageException e) { // such as a disk that has become read-only
            log.warn("unused tasks are not evicted: {}", e.getMessage());
          } catch (RuntimeException e) {
            log.error("looking for unused tasks failed", e);
          } finally {
            sweepFromNowOn(later);
          }
        });
  }

  private void sweep() {
    times.record(storage);
    if (ttl.isZero()) {
      return;
    }
    for (StoredTask stored : storage.tasks()) {
      if (!stored.isPinned() && times.age(stored).compareTo(ttl) > 0 && evict(stored)) {
        log.info("task {}: evicted, unused for {}", stored.task().id().brief(), ttl);
      }
    }
  }

  /**
   * Returns the bytes of the pieces that are there, or a little more if the last one is missing.
   */
  public static long held(StoredTask stored) {
    PieceLayout layout = stored.task().layout();
    long most = (long) stored.pieces().cardinality() * layout.pieceLength();
    return Math.min(most, layout.length().orElse(most));
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

  /** A task is no longer written, or no longer stored: it is charged what is there. */
  public void settle(TaskId task) {
    charge(task, storage.find(task).map(Eviction::held).orElse(0L));
  }

  /** Returns the bytes that all tasks have, or will have when they are downloaded. */
  public synchronized long totalBytes() {
    return total;
  }
}
