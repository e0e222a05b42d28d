package io.dragonfly.internal.transfer;

import io.dragonfly.error.NoSpaceException;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a home within its bounds: where a new task does not fit, those that were used longest ago
 * make room, and those that nobody has used for long go. Never one that a fetch wants or somebody
 * reads. Confined to the store's thread, which waits for the loop here, but never the other way
 * round.
 */
final class HomeRoom {
  private static final Logger LOG = LoggerFactory.getLogger(HomeRoom.class);
  private static final long LOOP_SECONDS = 10;

  private final EventLoop loop;
  private final Storage storage;
  private final TaskUses uses;
  private final long quotaBytes;
  private final Duration taskTtl;
  private final Tenants tenants;

  /** Knows which tasks are used. Its methods are called on the loop. */
  interface Tenants {
    /** Returns the tasks that a fetch or a reader has, or is about to have. */
    Set<TaskId> used();

    /** Stops to give a task to others, unless it is used by now; tells whether it did. */
    boolean letGo(TaskId task);
  }

  HomeRoom(
      EventLoop loop,
      Storage storage,
      TaskUses uses,
      long quotaBytes,
      Duration taskTtl,
      Tenants tenants) {
    this.loop = loop;
    this.storage = storage;
    this.uses = uses;
    this.quotaBytes = quotaBytes;
    this.taskTtl = taskTtl;
    this.tenants = tenants;
  }

  /**
   * Makes room for a task, or finds what there is of it.
   *
   * @throws NoSpaceException if there is not enough even without all that nobody uses
   */
  StoredTask create(Task task) throws IOException {
    requireQuota(task);
    while (true) {
      try {
        return storage.create(task);
      } catch (NoSpaceException e) {
        if (!free(task.id(), e.neededBytes() - e.freeBytes())) {
          throw e;
        }
      }
    }
  }

  private void requireQuota(Task task) {
    if (quotaBytes == Long.MAX_VALUE) {
      return; // to add up all tasks takes time
    }
    long length = task.layout().length().orElse(0);
    long others =
        storage.tasks().stream()
            .filter(stored -> !stored.task().id().equals(task.id()))
            .mapToLong(HomeRoom::held)
            .sum();
    long over = others + length - quotaBytes;
    if (over > 0 && !free(task.id(), over)) {
      throw new NoSpaceException(
          ("Task %s of %d bytes does not fit into the home's quota of %d bytes: others take up %d"
                  + " and are in use. Raise the quota or try later.")
              .formatted(task.id().brief(), length, quotaBytes, others),
          length,
          Math.max(0, quotaBytes - others),
          null);
    }
  }

  private boolean free(TaskId kept, long bytes) {
    List<StoredTask> candidates = unused(kept);
    if (candidates.stream().mapToLong(HomeRoom::held).sum() < bytes) {
      return false; // none is given up in vain
    }
    long freed = 0;
    for (StoredTask stored : candidates) {
      long held = held(stored);
      if (freed < bytes && remove(stored.task().id())) {
        freed += held;
        LOG.info("Task {} makes room for {}", stored.task().id().brief(), kept.brief());
      }
    }
    return freed >= bytes;
  }

  /** Removes what nobody has used for long, whole or not. */
  void expire() {
    if (taskTtl.isZero()) {
      return;
    }
    for (StoredTask stored : storage.tasks()) {
      TaskId id = stored.task().id();
      if (!stored.isPinned() && uses.age(stored).compareTo(taskTtl) > 0 && remove(id)) {
        LOG.info("Task {} is removed: nobody used it for {}", id.brief(), taskTtl);
      }
    }
  }

  /** Records that a task is used now, for later processes. */
  void used(TaskId task) {
    storage
        .find(task)
        .ifPresent(
            stored -> {
              try {
                stored.used(Instant.now());
              } catch (IOException e) {
                LOG.debug("The use of task {} is not recorded", task.brief(), e);
              }
            });
  }

  private List<StoredTask> unused(TaskId kept) {
    Optional<Set<TaskId>> used = onLoop(tenants::used);
    return used.isEmpty()
        ? List.of()
        : storage.tasks().stream()
            .filter(stored -> !stored.isPinned() && held(stored) > 0)
            .filter(stored -> !stored.task().id().equals(kept))
            .filter(stored -> !used.get().contains(stored.task().id()))
            .sorted(Comparator.comparing(uses::age).reversed())
            .toList();
  }

  private boolean remove(TaskId task) {
    if (!onLoop(() -> tenants.letGo(task)).orElse(false)) {
      return false;
    }
    try {
      storage.delete(task);
      return true;
    } catch (IOException e) {
      LOG.warn("Task {} cannot be deleted: {}", task.brief(), e.toString());
      return false;
    }
  }

  private <T> Optional<T> onLoop(Supplier<T> question) {
    CompletableFuture<T> answer = new CompletableFuture<>();
    if (!loop.tryExecute(() -> answer.complete(question.get()))) {
      return Optional.empty();
    }
    try {
      return Optional.of(answer.get(LOOP_SECONDS, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } catch (ExecutionException | TimeoutException e) {
      return Optional.empty(); // it is being closed
    }
  }

  static long held(StoredTask stored) {
    PieceLayout layout = stored.task().layout();
    long most = (long) stored.pieces().cardinality() * layout.pieceLength();
    return Math.min(most, layout.length().orElse(most));
  }
}
