package io.dragonfly.testkit;

import io.dragonfly.error.NoSpaceException;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A storage in memory for tests, without a home. Regions are given as temporary files, since that
 * is what a region is; they are gone once it is closed. Nothing is found by another instance.
 */
public final class MemoryStorage implements Storage {
  private final Map<TaskId, MemoryTask> tasks = new ConcurrentHashMap<>();
  private final AtomicLong freeBytes;
  private volatile boolean closed;
  private volatile int mostTasks = Integer.MAX_VALUE;
  private volatile @Nullable Supplier<? extends RuntimeException> tooMany;

  /** A storage that never runs full. */
  public MemoryStorage() {
    this(Long.MAX_VALUE);
  }

  /** A storage that holds this many bytes: those of known length at once, others as they come. */
  public MemoryStorage(long capacityBytes) {
    this.freeBytes = new AtomicLong(capacityBytes);
  }

  /**
   * From now on each new task beyond this number is refused with this exception: as on a disk that
   * is full although it has free bytes, since a quota or its inodes are used up.
   */
  public void limitTasks(int most, Supplier<? extends RuntimeException> failure) {
    tooMany = failure;
    mostTasks = most;
  }

  @Override
  public List<StoredTask> tasks() {
    return List.copyOf(tasks.values());
  }

  @Override
  public Optional<StoredTask> find(TaskId id) {
    return Optional.ofNullable(tasks.get(id));
  }

  @Override
  public StoredTask create(Task task) {
    checkOpen();
    Supplier<? extends RuntimeException> failure = tooMany;
    if (failure != null && !tasks.containsKey(task.id()) && tasks.size() >= mostTasks) {
      throw failure.get();
    }
    MemoryTask stored = tasks.computeIfAbsent(task.id(), id -> new MemoryTask(this, task));
    stored.reserveAgain();
    return stored;
  }

  @Override
  public void delete(TaskId id) {
    MemoryTask task = tasks.remove(id);
    if (task != null) {
      release(task.forget());
    }
  }

  @Override
  public void close() {
    closed = true;
    tasks.clear();
  }

  void checkOpen() {
    if (closed) {
      throw new IllegalStateException("this storage is closed");
    }
  }

  void reserve(long bytes) {
    long free = freeBytes.get();
    while (free < bytes || !freeBytes.compareAndSet(free, free - bytes)) {
      if (free < bytes) {
        throw new NoSpaceException(
            "The memory storage needs %d bytes and has %d.".formatted(bytes, free),
            bytes,
            free,
            null);
      }
      free = freeBytes.get();
    }
  }

  void release(long bytes) {
    freeBytes.addAndGet(bytes);
  }
}
