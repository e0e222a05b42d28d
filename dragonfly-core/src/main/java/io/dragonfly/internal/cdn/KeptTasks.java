package io.dragonfly.internal.cdn;

import io.dragonfly.internal.storage.AccessTimes;
import io.dragonfly.internal.storage.Eviction;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a cache keeps, as its operator sees it and cares for it. Safe for concurrent use; blocks on
 * the disk.
 */
public final class KeptTasks {
  private final CdnCache cache;
  private final Storage storage;
  private final AccessTimes times;
  private final RelayBuffers rings;
  private final Eviction eviction;

  KeptTasks(
      CdnCache cache, Storage storage, AccessTimes times, RelayBuffers rings, Eviction eviction) {
    this.cache = cache;
    this.storage = storage;
    this.times = times;
    this.rings = rings;
    this.eviction = eviction;
  }

  /**
   * A task that is kept.
   *
   * @param reading whether its source is being read
   */
  public record Kept(StoredTask stored, Instant lastUse, boolean reading) {
    /** Tells whether all pieces are there. */
    public boolean isComplete() {
      return CdnTask.isComplete(stored);
    }
  }

  /** Returns all tasks that are kept. */
  public List<Kept> all() {
    return Stream.concat(
            storage.tasks().stream().filter(stored -> rings.find(stored.task().id()).isEmpty()),
            rings.serving().stream())
        .map(this::kept)
        .toList();
  }

  private Kept kept(StoredTask stored) {
    boolean isReading = cache.inUse(stored.task().id()).filter(CdnTask::isReading).isPresent();
    return new Kept(stored, times.lastUse(stored), isReading);
  }

  /** Returns the bytes that all tasks take up, or will when they are read. */
  public long bytes() {
    return eviction.totalBytes();
  }

  /** Returns how many tasks are only passed on. */
  public int passedOn() {
    return rings.serving().size();
  }

  /** Deletes a task, if nobody uses it, and tells whether there was such a task. */
  public boolean delete(TaskId id) {
    Optional<Task> task = storage.find(id).map(StoredTask::task);
    task.ifPresent(cache::deleteUnused);
    return task.isPresent() && storage.find(id).isEmpty();
  }

  /** Keeps a task however long nobody uses it, or no longer; tells whether there is such a task. */
  public boolean pin(TaskId id, boolean pinned) throws IOException {
    Optional<StoredTask> stored = storage.find(id);
    if (stored.isPresent()) {
      stored.get().pin(pinned);
    }
    return stored.isPresent();
  }

  /**
   * How many pieces were read, and which of them were damaged.
   *
   * @param bad is read again if there is somebody to ask with
   */
  public record Checked(int pieces, List<Integer> bad) {}

  /** Reads all pieces of a task; empty if there is no such task. */
  public Optional<Checked> verify(TaskId id) throws IOException {
    Optional<StoredTask> found = storage.find(id);
    if (found.isEmpty()) {
      return Optional.empty();
    }
    StoredTask stored = found.get();
    int count = 0;
    List<Integer> bad = new ArrayList<>();
    for (int piece : stored.pieces().stream().toArray()) {
      if (cache.threads().isClosing()) {
        throw new IOException("the supernode is stopping");
      }
      count++;
      if (!StoredPieces.isIntact(stored, piece, null)) {
        stored.unseal(piece);
        cache.listener().lost(id, piece);
        bad.add(piece);
      }
    }
    if (!bad.isEmpty()) {
      cache.inUse(id).ifPresent(CdnTask::readLost);
    }
    return Optional.of(new Checked(count, bad));
  }
}
