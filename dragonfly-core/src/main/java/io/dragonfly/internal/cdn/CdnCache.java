package io.dragonfly.internal.cdn;

import com.google.common.util.concurrent.Striped;
import io.dragonfly.error.DigestMismatchException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.StorageException;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.locks.Lock;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The supernode's own copies of tasks. Safe for concurrent use. */
public final class CdnCache implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CdnCache.class);

  /** How long a version of an earlier process that nobody else can join is kept for its peers. */
  private static final Duration LEFTOVERS_KEPT = Duration.ofMinutes(10);

  private final Storage storage;
  private final Sources sources;
  private final CdnSettings settings;
  private final ScheduledExecutorService timer;
  private final LongSupplier nanoClock;
  private final ExecutorService reads;
  private final ExecutorService background;
  private final Map<TaskId, CdnTask> tasks = new ConcurrentHashMap<>();

  /** Keeps one task from being made ready by one thread and deleted by another. */
  private final Striped<Lock> storeLocks = Striped.lock(64);

  private final CdnListener listener;

  /**
   * The cache of one supernode.
   *
   * @param storage where the pieces are kept; stays its owner's, as the sources and the timer do
   * @param listener is told what happens
   */
  public CdnCache(
      Storage storage,
      Sources sources,
      CdnSettings settings,
      ScheduledExecutorService timer,
      LongSupplier nanoClock,
      CdnListener listener) {
    this.storage = storage;
    this.sources = sources;
    this.settings = settings;
    this.timer = timer;
    this.nanoClock = nanoClock;
    this.listener = listener;
    this.reads = DaemonThreads.pool("dragonfly-cdn-read", settings.reads());
    this.background = DaemonThreads.pool("dragonfly-cdn-check", 2);
  }

  CdnListener listener() {
    return listener;
  }

  /**
   * Returns the tasks of earlier processes that registrations can be answered with. Those that
   * cannot be gone on with are deleted; those whose own peers alone may still come are kept a
   * while.
   */
  public List<Task> recover() {
    List<Task> known = new ArrayList<>();
    List<TaskId> leftovers = new ArrayList<>();
    for (StoredTask stored : storage.tasks()) {
      Task task = stored.task();
      if (SourceStretch.isRepeatable(task)) {
        known.add(task);
      } else if (CdnTask.isComplete(stored)) {
        leftovers.add(task.id());
      } else {
        // Nobody can tell whether the source still has this version, so the rest of it is lost.
        delete(task.id());
      }
    }
    if (!leftovers.isEmpty()) {
      DaemonThreads.later(
          timer, LEFTOVERS_KEPT, () -> inBackground(() -> leftovers.forEach(this::deleteUnused)));
    }
    return known;
  }

  /** Returns a task if the store has it in a form that can be gone on with. */
  public Optional<Task> find(TaskId id) {
    return storage
        .find(id)
        .filter(stored -> SourceStretch.isRepeatable(stored.task()) || CdnTask.isComplete(stored))
        .map(StoredTask::task);
  }

  /**
   * Makes room for a task, or finds what there is of it. Blocks on the disk. Each call needs a
   * {@link CdnTask#release}.
   *
   * @throws NoSpaceException if there is no room
   * @throws DigestMismatchException if the task is empty, which its digest does not allow
   * @throws StorageException if the store fails
   */
  public CdnTask prepare(Task task) {
    checkEmpty(task);
    Lock lock = storeLocks.get(task.id());
    lock.lock();
    try {
      StoredTask stored = storage.create(task);
      CdnTask ready = tasks.computeIfAbsent(task.id(), id -> new CdnTask(stored, this));
      ready.use();
      return ready;
    } catch (IOException e) {
      throw new StorageException(
          "Task %s cannot be kept: %s. Check the disk."
              .formatted(task.id().brief(), e.getMessage()),
          e);
    } finally {
      lock.unlock();
    }
  }

  private static void checkEmpty(Task task) {
    if (task.layout().length().orElse(-1) == 0) {
      task.digest().ifPresent(expected -> checkEmpty(task, expected));
    }
  }

  private static void checkEmpty(Task task, Digest expected) {
    Digest empty = Digest.of(Digest.newMessageDigest(expected.algorithm()));
    if (!empty.equals(expected)) {
      throw new DigestMismatchException(
          "Task %s is empty, but digest %s was asked for. Update the digest in the request."
              .formatted(task.id().brief(), expected));
    }
  }

  void release(CdnTask task, boolean forget) {
    TaskId id = task.task().id();
    Lock lock = storeLocks.get(id);
    lock.lock();
    try {
      if (task.letGo()) {
        task.stop();
        if (tasks.remove(id, task) && forget) {
          delete(id);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  void readFailed(CdnTask task, DistributionException failure) {
    TaskId id = task.task().id();
    log.warn("task {}: reading failed: {}", id.brief(), failure.getMessage());
    boolean isWrong =
        failure instanceof SourceChangedException || failure instanceof DigestMismatchException;
    // On a full disk the room is worth more than half of a content.
    boolean isInTheWay = failure instanceof NoSpaceException;
    if (isWrong || isInTheWay || !SourceStretch.isRepeatable(task.task())) {
      Lock lock = storeLocks.get(id);
      lock.lock();
      try {
        tasks.remove(id, task);
        delete(id);
      } finally {
        lock.unlock();
      }
    }
    listener.failed(id, failure);
  }

  private void deleteUnused(TaskId id) {
    Lock lock = storeLocks.get(id);
    lock.lock();
    try {
      if (!tasks.containsKey(id)) {
        delete(id);
      }
    } finally {
      lock.unlock();
    }
  }

  private void delete(TaskId id) {
    try {
      storage.delete(id);
    } catch (IOException e) {
      log.warn("task {} cannot be deleted: {}", id.brief(), e.toString());
    }
  }

  CdnRead.Surroundings surroundings() {
    return new CdnRead.Surroundings(sources, listener, settings, reads, timer, nanoClock);
  }

  long nanos() {
    return nanoClock.getAsLong();
  }

  /** Runs something that blocks on the disk. */
  void inBackground(Runnable work) {
    try {
      background.execute(work);
    } catch (RejectedExecutionException e) {
      log.debug("not done, since the cache is closing: {}", e.toString());
    }
  }

  /** Ends all reads and waits until their threads are gone, 10 s at most. */
  @Override
  public void close() {
    reads.shutdown();
    background.shutdown();
    tasks.values().forEach(CdnTask::stop);
    DaemonThreads.awaitEnd(reads, background);
  }
}
