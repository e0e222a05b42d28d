package io.dragonfly.internal.storage;

import com.google.common.io.MoreFiles;
import com.google.common.io.RecursiveDeleteOption;
import io.dragonfly.error.StorageException;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StorageConfig;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.TaskKey;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps each task in a directory {@code <home>/tasks/<task id>}. What is sealed survives the end of
 * the process however it ends; after a crash of the machine each piece is verified before anybody
 * gets it. Safe for concurrent use; the home is nobody else's, see {@link HomeLock}.
 */
public final class DiskStorage implements Storage {
  private static final Logger log = LoggerFactory.getLogger(DiskStorage.class);

  /** Open files that nobody uses right now, at most: data for reading and writing, and journal. */
  private static final int MOST_IDLE_FILES = 192;

  /**
   * After so long the kernel has by itself written most of it, so the sync does not get in the way
   * of other writes, nor does a process that ends meet one that takes long.
   */
  private static final Duration SYNC_DELAY = Duration.ofSeconds(30);

  /** Directories that are not whole tasks yet, and those that are none any more. */
  private static final String MADE = ".new-";

  private static final String GONE = ".deleted-";

  private static final Pattern TEMPORARY =
      Pattern.compile("(%s|%s)[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}".formatted(MADE, GONE));

  private final Path directory;

  /** The same as long as this process lives. */
  private final Optional<String> bootId;

  private final Disk disk;
  private final Map<TaskId, DiskTask> tasks = new ConcurrentHashMap<>();
  private final Map<TaskKey, Set<DiskTask>> versions = new ConcurrentHashMap<>();

  /**
   * Held while a task's directory appears or goes; the bytes of a task are not touched under it.
   */
  private final ReentrantLock lock = new ReentrantLock();

  private volatile boolean closed;

  private DiskStorage(StorageConfig config, Machine machine, Duration syncDelay) {
    this.directory = config.home().toAbsolutePath().resolve("tasks");
    this.bootId = machine.bootId();
    this.disk =
        new Disk(
            new OpenFiles(MOST_IDLE_FILES, machine),
            new DiskSpace(config.home(), config.reserveBytes(), machine),
            Syncer.start(syncDelay),
            machine,
            new PageCache(machine::nanoTime),
            ConcurrentHashMap.newKeySet());
  }

  /**
   * Opens the storage of a home and reads what earlier processes left there.
   *
   * @throws StorageException if the home cannot be used
   */
  public static DiskStorage open(StorageConfig config) {
    return open(config, Machine.LOCAL, SYNC_DELAY);
  }

  static DiskStorage open(StorageConfig config, Machine machine, Duration syncDelay) {
    DiskStorage storage = new DiskStorage(config, machine, syncDelay);
    boolean opened = false;
    try {
      Uninterrupted.run(storage::load);
      opened = true;
      return storage;
    } catch (IOException e) {
      throw new StorageException(
          "The store in %s cannot be used: %s. Choose another home or mend this one."
              .formatted(config.home(), Reasons.of(e)),
          e);
    } finally {
      if (!opened) {
        storage.close();
      }
    }
  }

  private void load() throws IOException {
    OwnerOnly.createDirectories(directory);
    StoredTasks stored = new StoredTasks(disk, bootId);
    try (var entries = Files.newDirectoryStream(directory)) {
      for (Path entry : entries) {
        String name = entry.getFileName().toString();
        if (TEMPORARY.matcher(name).matches()) {
          deleteTree(entry);
        } else if (TaskId.isId(name)) {
          load(stored, entry);
        } else { // the home may have been something else, by mistake or not
          leaveAlone(entry, "it is no task");
        }
      }
    }
  }

  private void load(StoredTasks stored, Path entry) throws IOException {
    try {
      add(stored.load(entry));
    } catch (ClosedChannelException e) {
      throw e; // an interrupt: all is read once more
    } catch (BrokenTaskException e) {
      if (StoredTasks.mayBePinned(entry)) {
        leaveAlone(entry, Reasons.of(e) + "; it may be pinned: check the disk, then delete it");
      } else if (StoredTasks.holdsOursAlone(entry)) {
        log.warn("dropped {}: {}", entry, Reasons.of(e));
        drop(entry);
      } else {
        leaveAlone(entry, Reasons.of(e));
      }
    } catch (IOException e) {
      leaveAlone(entry, e.toString());
    }
  }

  private static void leaveAlone(Path entry, String why) {
    log.warn("{} is left alone: {}", entry, why);
  }

  private void add(DiskTask task) {
    tasks.put(task.task().id(), task);
    versions.compute(
        task.task().key(),
        (key, before) -> {
          Set<DiskTask> all = before == null ? ConcurrentHashMap.newKeySet() : before;
          all.add(task);
          return all;
        });
  }

  private static void drop(Path entry) {
    try {
      deleteTree(entry);
    } catch (IOException e) {
      log.warn("could not remove {}: {}", entry, e.toString());
    }
  }

  @Override
  public List<StoredTask> tasks() {
    return List.copyOf(tasks.values());
  }

  @Override
  public List<StoredTask> versions(TaskKey key) {
    return List.copyOf(versions.getOrDefault(key, Set.of()));
  }

  @Override
  public Optional<StoredTask> find(TaskId id) {
    return Optional.ofNullable(tasks.get(id));
  }

  @Override
  public StoredTask create(Task task) throws IOException {
    lock.lock();
    try {
      checkOpen();
      DiskTask held = tasks.get(task.id());
      if (held != null && held.isEnded()) {
        remove(held).ifPresent(DiskStorage::drop); // somebody is about to do so
        held = null;
      }
      if (held == null) {
        requireRoom(task.id(), task.layout().length().orElse(0));
        held = Uninterrupted.call(() -> make(task));
        add(held);
      } else if (held.missingBytes() == 0 && held.lackingBytes() > 0) {
        requireRoom(task.id(), held.lackingBytes());
      }
      held.begin();
      return held;
    } finally {
      lock.unlock();
    }
  }

  private void requireRoom(TaskId id, long bytes) throws IOException {
    // Files are sparse: what others are going to write does not show in the free bytes yet.
    disk.writing().removeIf(task -> task.missingBytes() == 0);
    long promised = disk.writing().stream().mapToLong(DiskTask::missingBytes).sum();
    String what =
        "task " + id.brief() + (promised == 0 ? "" : ", with " + promised + " for others,");
    disk.space().require(what, bytes + promised);
  }

  private DiskTask make(Task task) throws IOException {
    Path made = directory.resolve(MADE + UUID.randomUUID());
    Path place = directory.resolve(task.id().hex());
    try {
      disk.machine().createDirectory(made);
      DataFile.create(made.resolve(DiskTask.DATA), task.layout().length());
      PieceJournal.create(made.resolve(DiskTask.PIECES));
      TaskRecord record = new TaskRecord(task, Optional.empty(), bootId, false, Optional.empty());
      TaskFile file = TaskFile.create(made.resolve(DiskTask.TASK), record);
      moveAside(place); // a task that could not be read
      Files.move(made, place, StandardCopyOption.ATOMIC_MOVE);
      return new DiskTask(
          disk, place, file.movedTo(place.resolve(DiskTask.TASK)), new PieceSet(), new BitSet());
    } catch (IOException e) {
      deleteTree(made);
      throw disk.space().explain("task " + task.id().brief(), 1, e);
    }
  }

  private void moveAside(Path place) throws IOException {
    if (Files.exists(place, LinkOption.NOFOLLOW_LINKS)) {
      if (!StoredTasks.holdsOursAlone(place)) {
        throw new IOException(place + " is in the way and no task of ours, move it elsewhere");
      }
      if (StoredTasks.mayBePinned(place)) {
        log.warn("{} may be pinned and cannot be read: it is made anew, not pinned", place);
      }
      Path gone = directory.resolve(GONE + UUID.randomUUID());
      Files.move(place, gone, StandardCopyOption.ATOMIC_MOVE);
      drop(gone);
    }
  }

  @Override
  public void delete(TaskId id) throws IOException {
    checkOpen();
    DiskTask task = tasks.get(id);
    if (task == null) {
      return;
    }
    task.end(); // outside of the lock: it waits until whoever copies the task is done
    Optional<Path> gone;
    lock.lock();
    try {
      gone = remove(task);
    } catch (IOException e) {
      task.revive(); // on a disk that has become read-only it can still be uploaded
      throw disk.space().explain("task " + id.brief(), 0, e);
    } finally {
      lock.unlock();
    }
    if (gone.isPresent()) {
      deleteTree(gone.get()); // may take long: the file may be large
    }
  }

  /** Takes a task's directory out of the way, if nobody else has; returns where to. */
  private Optional<Path> remove(DiskTask task) throws IOException {
    TaskId id = task.task().id();
    if (tasks.get(id) != task) {
      return Optional.empty();
    }
    Path place = directory.resolve(id.hex());
    Path gone = directory.resolve(GONE + UUID.randomUUID());
    try {
      Files.move(place, gone, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      log.warn("{} was removed by somebody else", place);
    }
    tasks.remove(id);
    disk.writing().remove(task);
    versions.computeIfPresent(
        task.task().key(),
        (key, all) -> {
          all.remove(task);
          return all.isEmpty() ? null : all;
        });
    disk.files().forget(place.resolve(DiskTask.DATA));
    disk.files().forget(place.resolve(DiskTask.PIECES));
    return Optional.of(gone);
  }

  /** Lets everything go, regions that are still open included. Safe to call twice. */
  @Override
  public void close() {
    closed = true;
    disk.syncer().close();
    disk.files().close();
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("the storage is closed");
    }
  }

  private static void deleteTree(Path tree) throws IOException {
    if (!Files.exists(tree, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    MoreFiles.deleteRecursively(tree, RecursiveDeleteOption.ALLOW_INSECURE);
  }
}
