package io.dragonfly.internal.transfer;

import io.dragonfly.control.Queued;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.StorageException;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.internal.storage.Eviction;
import io.dragonfly.internal.transfer.swarm.SupernodeLink;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.TaskKey;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All downloads of a client by their task: two fetches of one task share one. Confined to the loop.
 */
final class Downloads {
  private static final Logger LOG = LoggerFactory.getLogger(Downloads.class);

  /** Whoever fetches one file after the other keeps the buffers. */
  private static final Duration IDLE = Duration.ofSeconds(5);

  private static final long LOOP_SECONDS = 10;

  private final Parts parts;
  private final Ends ends;
  private final Eviction eviction;
  private final Map<TaskId, Download> active = new HashMap<>();
  private final Map<TaskId, List<Opener>> opening = new HashMap<>();

  /** Who waits for a download. */
  private record Opener(Consumer<Download> user, Consumer<DistributionException> refused) {}

  /** Who hears that a fetch ends. */
  interface Ends {
    /** A fetch has all that it wants. */
    void succeeded(RunningFetch fetch, Download download, Optional<Digest> checked);

    /** A fetch gets no further. */
    void failed(RunningFetch fetch, DistributionException failure);

    /** A fetch waits in a queue; empty if it does not. */
    void queued(RunningFetch fetch, Optional<Queued> wait);
  }

  Downloads(Parts parts, Ends ends) {
    this.parts = parts;
    this.ends = ends;
    this.eviction =
        new Eviction(
            parts.storage(),
            parts.accesses(),
            parts.bounds().quotaBytes(),
            parts.bounds().taskTtl(),
            new Users());
  }

  /**
   * Returns the download that a request which equals an earlier one can share without a question.
   */
  Optional<Download> sharing(FetchRequest request) {
    return active.values().stream()
        .filter(download -> download.demand().isSharedBy(request))
        .findFirst();
  }

  /** Tells whether a version of this content is being downloaded. */
  boolean isActive(TaskKey key) {
    return active.values().stream().anyMatch(download -> download.task().key().equals(key));
  }

  Optional<Download> find(TaskId task) {
    return Optional.ofNullable(active.get(task));
  }

  /**
   * Finds the download of a task, or makes room in the store for it.
   *
   * @param user takes it over at once: a download without a fetch is none
   * @param refused is told why there is none
   */
  void open(Task task, Consumer<Download> user, Consumer<DistributionException> refused) {
    Download running = active.get(task.id());
    if (running != null) {
      user.accept(running);
      return;
    }
    boolean first = !opening.containsKey(task.id());
    opening.computeIfAbsent(task.id(), id -> new ArrayList<>()).add(new Opener(user, refused));
    if (first) {
      parts
          .loop()
          .when(
              parts.store().call(() -> eviction.create(task)),
              stored -> opened(task, stored),
              failure -> refused(task, asStorageFailure(failure)));
    }
  }

  private void opened(Task task, StoredTask stored) {
    Download download = new Download(parts, stored, this);
    active.put(task.id(), download);
    openersOf(task).forEach(opener -> opener.user().accept(download));
    if (download.demand().fetches().isEmpty()) {
      download.abandon(); // nobody waits any more
    }
    deleteOlder(task);
  }

  private void refused(Task task, DistributionException failure) {
    openersOf(task).forEach(opener -> opener.refused().accept(failure));
  }

  private List<Opener> openersOf(Task task) {
    List<Opener> openers = opening.remove(task.id());
    return openers == null ? List.of() : openers;
  }

  private static DistributionException asStorageFailure(Throwable failure) {
    return failure instanceof DistributionException typed
        ? typed
        : new StorageException(
            "The store in the home directory fails: %s. Mend that or choose another home."
                .formatted(failure.getMessage()),
            failure);
  }

  /** A content has a new version: those that nobody uses go, so that they do not fill the disk. */
  private void deleteOlder(Task now) {
    parts
        .loop()
        .when(
            parts.store().call(() -> versionsOf(now.key())),
            versions ->
                versions.stream()
                    .filter(id -> !id.equals(now.id()))
                    .filter(id -> !active.containsKey(id) && !opening.containsKey(id))
                    .forEach(this::delete),
            failure -> LOG.warn("Cannot list the stored tasks: {}", failure.toString()));
  }

  private List<TaskId> versionsOf(TaskKey key) {
    return parts.storage().versions(key).stream().map(stored -> stored.task().id()).toList();
  }

  /** Returns the tasks that a fetch or a reader has, or is about to have. */
  Set<TaskId> inUse() {
    Set<TaskId> used = new HashSet<>(active.keySet());
    used.addAll(opening.keySet());
    return used;
  }

  /**
   * Knows which tasks fetches and readers use. Called on the store's thread, which waits for the
   * loop here, but never the other way round.
   */
  private final class Users implements Eviction.Owner {
    @Override
    public Predicate<StoredTask> used() {
      Optional<Set<TaskId>> used = onLoop(Downloads.this::inUse);
      return stored -> used.isEmpty() || used.get().contains(stored.task().id());
    }

    @Override
    public boolean evict(StoredTask stored) throws IOException {
      TaskId id = stored.task().id();
      if (!onLoop(() -> stopGivingUnused(id)).orElse(false)) {
        return false;
      }
      deleteFromStore(id);
      return true;
    }

    private <T> Optional<T> onLoop(Supplier<T> probe) {
      CompletableFuture<T> answer = new CompletableFuture<>();
      if (!parts.loop().tryExecute(() -> answer.complete(probe.get()))) {
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
  }

  /** Removes a task from the store; nobody gives it any longer. */
  void delete(TaskId id) {
    parts
        .loop()
        .when(
            deleteHeld(id),
            done -> LOG.info("Task {} is deleted", id.brief()),
            failure -> LOG.warn("Task {} cannot be deleted: {}", id.brief(), failure.toString()));
  }

  /** The same; the future tells whether the task was there. */
  CompletableFuture<Boolean> deleteHeld(TaskId id) {
    stopGiving(id);
    return parts
        .store()
        .call(
            () -> {
              boolean held = parts.storage().find(id).isPresent();
              deleteFromStore(id);
              return held;
            });
  }

  private void deleteFromStore(TaskId id) throws IOException {
    try {
      parts.storage().delete(id);
    } finally {
      eviction.settle(id);
    }
  }

  private void stopGiving(TaskId id) {
    for (SupernodeLink link : parts.supernodes().giving()) {
      link.leave(id);
    }
    parts.ended().accept(id);
    parts.accesses().forget(id);
  }

  private boolean stopGivingUnused(TaskId id) {
    if (active.containsKey(id) || opening.containsKey(id)) {
      return false;
    }
    stopGiving(id);
    return true;
  }

  /** Looks from now on, from time to time, for what nobody has used for long. */
  void sweepFromNowOn() {
    eviction.sweepFromNowOn(
        (pause, sweep) -> {
          var unused = parts.loop().after(pause, () -> parts.store().execute(sweep));
        });
  }

  /** A piece of a task in the store turned out not to be there any more. */
  void pieceLost(TaskId task, int piece) {
    Download download = active.get(task);
    if (download != null) {
      download.pieceLost(piece);
    } else {
      for (SupernodeLink link : parts.supernodes().giving()) {
        link.member(task).ifPresent(member -> member.withdraw(piece));
      }
    }
  }

  void remove(Download download) {
    TaskId id = download.task().id();
    parts.accesses().used(id);
    parts
        .store()
        .execute(
            () -> {
              eviction.settle(id);
              parts.accesses().record(parts.storage());
            });
    active.remove(id, download);
    if (active.isEmpty()) {
      var unused = parts.loop().after(IDLE, this::shrinkIfIdle);
    }
  }

  private void shrinkIfIdle() {
    if (active.isEmpty()) {
      parts.takes().pool().shrink();
    }
  }

  void succeeded(RunningFetch fetch, Download download, Optional<Digest> checked) {
    ends.succeeded(fetch, download, checked);
  }

  void queued(RunningFetch fetch, Optional<Queued> wait) {
    ends.queued(fetch, wait);
  }

  void ended(RunningFetch fetch, DistributionException failure) {
    ends.failed(fetch, failure);
  }

  /** Ends all downloads without a word. */
  void close() {
    List.copyOf(active.values()).forEach(Download::abandon);
  }
}
