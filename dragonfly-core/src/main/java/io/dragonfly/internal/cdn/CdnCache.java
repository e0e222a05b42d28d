package io.dragonfly.internal.cdn;

import com.google.common.util.concurrent.Striped;
import io.dragonfly.error.DigestMismatchException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.StorageException;
import io.dragonfly.internal.queue.KeyedBudget;
import io.dragonfly.internal.storage.AccessTimes;
import io.dragonfly.internal.storage.Eviction;
import io.dragonfly.spi.AdaptiveQuantum;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.locks.Lock;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The supernode's own copies of tasks. Safe for concurrent use. */
public final class CdnCache implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(CdnCache.class);

  /** How long a version of an earlier process that nobody else can join is kept for its peers. */
  private static final Duration LEFTOVERS_KEPT = Duration.ofMinutes(10);

  private static final int MOST_COMPLAINTS = 2_000;
  private static final int MOST_COMPLAINTS_OF_ONE_TASK = 64;

  private final Storage storage;
  private final Sources sources;
  private final CdnSettings settings;
  private final Time time;
  private final AccessTimes times;
  private final Eviction eviction;
  private final CacheThreads threads;
  private final AdaptiveQuantum portion = new AdaptiveQuantum(SourceStretch.BUFFER_BYTES);
  private final Map<TaskId, CdnTask> tasks = new ConcurrentHashMap<>();
  private final RelayBuffers rings;
  private final KeptTasks kept;

  /**
   * Keeps one task from being made ready by one thread and deleted by another. No thread waits for
   * one of them while it has another one. The listener is called under them: see {@link
   * CdnListener} for what comes first.
   */
  private final Striped<Lock> storeLocks = Striped.lock(64);

  private final CdnListener listener;

  /** Complaints that are being checked. */
  private final KeyedBudget<TaskId> complaintsOpen =
      new KeyedBudget<>(MOST_COMPLAINTS, task -> MOST_COMPLAINTS_OF_ONE_TASK);

  /**
   * The time, and who waits for it.
   *
   * @param nanos monotonic nanoseconds
   * @param activeNanos the same, without the time in which this process could not run
   * @param timer runs what is due
   */
  public record Time(
      InstantSource clock,
      LongSupplier nanos,
      LongSupplier activeNanos,
      ScheduledExecutorService timer) {}

  /**
   * The cache of one supernode.
   *
   * @param storage where the pieces are kept; stays its owner's, as the sources and the timer do
   * @param listener is told what happens
   */
  public CdnCache(
      Storage storage, Sources sources, CdnSettings settings, Time time, CdnListener listener) {
    this.storage = storage;
    this.sources = sources;
    this.settings = settings;
    this.time = time;
    this.listener = listener;
    this.times = new AccessTimes(time.nanos(), time.clock());
    this.rings = new RelayBuffers(settings.keeping().ringBytes(), time.nanos(), new Passing());
    CdnSettings.Keeping keeping = settings.keeping();
    this.eviction =
        new Eviction(storage, times, keeping.quotaBytes(), keeping.taskTtl(), new Users());
    this.kept = new KeptTasks(this, storage, times, rings, eviction);
    this.threads = new CacheThreads(settings, time.nanos());
  }

  /** Looks from now on, from time to time, for what nobody has used for long. */
  public void sweepFromNowOn() {
    eviction.sweepFromNowOn(
        (pause, sweep) ->
            DaemonThreads.later(time.timer(), pause, () -> threads.inBackground(sweep)));
  }

  CdnListener listener() {
    return listener;
  }

  KeyedBudget<TaskId> complaintsOpen() {
    return complaintsOpen;
  }

  /**
   * Returns the tasks of earlier processes that registrations can be answered with. Those that
   * cannot be gone on with are deleted; those whose own peers alone may still come are kept a
   * while.
   */
  public List<Task> recover() {
    List<Task> known = new ArrayList<>();
    List<Task> leftovers = new ArrayList<>();
    for (StoredTask stored : storage.tasks()) {
      Task task = stored.task();
      if (SourceStretch.isRepeatable(task)) {
        known.add(task);
      } else if (CdnTask.isComplete(stored)) {
        leftovers.add(task);
      } else {
        // Nobody can tell whether the source still has this version, so the rest of it is lost.
        delete(task);
      }
    }
    if (!leftovers.isEmpty()) {
      DaemonThreads.later(
          time.timer(),
          LEFTOVERS_KEPT,
          () -> threads.inBackground(() -> leftovers.forEach(this::deleteUnused)));
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
    WholeDigest.checkEmpty(task);
    Lock lock = storeLocks.get(task.id());
    lock.lock();
    try {
      used(task.id());
      CdnTask ready = tasks.get(task.id());
      if (ready == null || !ready.isPassedOn()) {
        ready = create(task);
        tasks.putIfAbsent(task.id(), ready);
      }
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

  private CdnTask create(Task task) throws IOException {
    try {
      StoredTask stored = eviction.create(task);
      CdnTask before = tasks.get(task.id());
      return before == null ? new CdnTask(stored, this) : before;
    } catch (NoSpaceException e) {
      Optional<RelayBuffer> ring =
          tasks.containsKey(task.id())
              ? Optional.empty()
              : rings.open(task, storage.find(task.id()), newWhole(task));
      if (ring.isEmpty()) {
        throw e;
      }
      log.warn("task {}: is only passed on to peers: {}", task.id().brief(), e.getMessage());
      listener.passesOn(task.id());
      return new CdnTask(ring.get(), this);
    }
  }

  private static Optional<WholeDigest> newWhole(Task task) {
    return task.digest().map(WholeDigest::new);
  }

  /** The disk has run full in the middle, and the read is over: it goes on with a ring. */
  private boolean passOn(CdnTask task, NoSpaceException failure) {
    TaskId id = task.task().id();
    boolean isPassedOn =
        (task.isPassedOn() && tasks.get(id) == task)
            || openRing(task, failure, newWhole(task.task())).isPresent();
    if (isPassedOn) {
      // It may be passed on already, where a read began just before that: the next one knows.
      listener.access(id, Set.of()).ifPresent(access -> task.read(access, Optional.empty()));
    }
    return isPassedOn;
  }

  /**
   * The disk has run full in the middle: what is still to come is kept only until peers have it.
   *
   * @param whole the digest of the whole, as far as it has been read
   * @return empty if there is no memory for that, or the task is no longer kept
   */
  Optional<RelayBuffer> openRing(
      CdnTask task, NoSpaceException failure, Optional<WholeDigest> whole) {
    TaskId id = task.task().id();
    Optional<RelayBuffer> ring;
    Lock lock = storeLocks.get(id);
    lock.lock();
    try {
      if (tasks.get(id) != task || task.isPassedOn()) {
        return Optional.empty();
      }
      ring = rings.open(task.task(), storage.find(id), whole);
      if (ring.isEmpty()) {
        return ring;
      }
      task.passOn(ring.get());
      eviction.settle(id);
      log.warn(
          "task {}: what is still to come is only passed on to peers: {}",
          id.brief(),
          failure.getMessage());
    } finally {
      lock.unlock();
    }
    listener.passesOn(id);
    return ring;
  }

  /** Returns what peers are given of a task that is only passed on, if it is. */
  public Optional<StoredTask> passedOn(TaskId task) {
    return rings.find(task).map(RelayBuffer::serving);
  }

  /** Asks the listener, which knows the peers. */
  private final class Passing implements RelayBuffer.Demand {
    @Override
    public OptionalInt spare(Task task, Map<Integer, Duration> ages) {
      return listener.spare(task.id(), ages);
    }

    @Override
    public void dropped(Task task, int piece) {
      listener.dropped(task.id(), piece);
    }

    @Override
    public boolean isWanted(Task task) {
      return listener.isWanted(task.id());
    }
  }

  void release(CdnTask task, boolean forget) {
    TaskId id = task.task().id();
    Lock lock = storeLocks.get(id);
    lock.lock();
    try {
      if (task.letGo()) {
        task.stop();
        used(id);
        if (!tasks.remove(id, task)) {
          return; // another one has been made in its place, which has its own account
        }
        if (forget || task.isPassedOn()) {
          delete(task.task());
        }
        eviction.settle(id);
      }
    } finally {
      lock.unlock();
    }
  }

  void readFailed(CdnTask task, DistributionException failure) {
    TaskId id = task.task().id();
    if (failure instanceof NoSpaceException lacking && passOn(task, lacking)) {
      return;
    }
    log.warn("task {}: reading failed: {}", id.brief(), failure.getMessage());
    boolean isWrong =
        failure instanceof SourceChangedException || failure instanceof DigestMismatchException;
    // On a full disk the room is worth more than half of a content, and on a broken one the half is
    // worth nothing.
    boolean isInTheWay = failure instanceof NoSpaceException || failure instanceof StorageException;
    if (isWrong || isInTheWay || task.isPassedOn() || !SourceStretch.isRepeatable(task.task())) {
      Lock lock = storeLocks.get(id);
      lock.lock();
      try {
        tasks.remove(id, task);
        delete(task.task());
      } finally {
        lock.unlock();
      }
    }
    listener.failed(id, failure);
  }

  void deleteUnused(Task task) {
    Lock lock = storeLocks.get(task.id());
    lock.lock();
    try {
      if (!tasks.containsKey(task.id())) {
        delete(task);
      }
    } finally {
      lock.unlock();
    }
  }

  private void delete(Task task) {
    TaskId id = task.id();
    rings.close(id);
    try {
      storage.delete(id);
    } catch (IOException | DistributionException e) {
      log.warn("task {} cannot be deleted: {}", id.brief(), e.toString());
    }
    deleted(task);
  }

  private void deleted(Task task) {
    eviction.settle(task.id());
    times.forget(task.id());
    listener.deleted(task);
  }

  /** Says that a task is used now: the least recently used ones are evicted first. */
  public void used(TaskId task) {
    times.used(task);
  }

  /** Returns what is kept, for who looks after it. */
  public KeptTasks kept() {
    return kept;
  }

  /** Returns a task that somebody uses. */
  Optional<CdnTask> inUse(TaskId id) {
    return Optional.ofNullable(tasks.get(id));
  }

  CacheThreads threads() {
    return threads;
  }

  private boolean isWanted(StoredTask stored) {
    TaskId id = stored.task().id();
    CdnTask task = tasks.get(id);
    return task != null && (task.isReading() || listener.isWanted(id));
  }

  /** Knows which tasks the supernode and its peers use. */
  private final class Users implements Eviction.Owner {
    @Override
    public Predicate<StoredTask> used() {
      return CdnCache.this::isWanted;
    }

    @Override
    public boolean evict(StoredTask stored) throws IOException {
      TaskId id = stored.task().id();
      long held = Eviction.held(stored);
      Lock lock = storeLocks.get(id);
      if (!lock.tryLock()) {
        return false; // a thread uses it now, or another task that shares its lock
      }
      boolean isHeld;
      try {
        CdnTask task = tasks.get(id);
        isHeld = task != null;
        if (task == null) {
          storage.delete(id);
          deleted(stored.task());
        } else {
          // Once the bytes are gone, the digests stay as long as a peer holds the task.
          if (stored.pieces().isEmpty() || isWanted(stored) || !task.evict()) {
            return false;
          }
          eviction.settle(id);
        }
      } finally {
        lock.unlock();
      }
      if (isHeld) {
        listener.evicted(id);
      }
      listener.givenUp(id, held);
      return true;
    }
  }

  /** Returns how many reads wait for a thread. */
  public int waitingReads() {
    return threads.waitingReads();
  }

  SourceDownload.Surroundings surroundings() {
    return new SourceDownload.Surroundings(
        sources,
        listener,
        settings,
        threads.readers(),
        portion,
        threads.buffers(),
        time.timer(),
        time.activeNanos(),
        eviction);
  }

  void later(Duration delay, Runnable work) {
    DaemonThreads.later(time.timer(), delay, work);
  }

  long nanos() {
    return time.nanos().getAsLong();
  }

  /** Ends all reads and waits until their threads are gone, 10 s at most. */
  @Override
  public void close() {
    threads.shutdown();
    tasks.values().forEach(CdnTask::stop);
    threads.awaitEnd();
    times.record(storage);
  }
}
