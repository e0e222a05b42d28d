package io.dragonfly.internal.transfer;

import io.dragonfly.control.Queued;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.StorageException;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.internal.transfer.swarm.Membership;
import io.dragonfly.internal.transfer.swarm.SupernodeLink;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.TaskKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All downloads of a client by their task: two fetches of one task share one. Confined to the loop.
 */
final class Downloads implements HomeRoom.Tenants {
  private static final Logger LOG = LoggerFactory.getLogger(Downloads.class);

  /** Whoever fetches one file after the other keeps the buffers. */
  private static final Duration IDLE = Duration.ofSeconds(5);

  private static final Duration SWEEP = Duration.ofHours(1);

  private final Parts parts;
  private final Ends ends;
  private final HomeRoom room;
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
    this.room =
        new HomeRoom(
            parts.loop(),
            parts.storage(),
            parts.uses(),
            parts.bounds().quotaBytes(),
            parts.bounds().taskTtl(),
            this);
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
              parts.store().call(() -> room.create(task)),
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

  @Override
  public Set<TaskId> used() {
    Set<TaskId> used = new HashSet<>(active.keySet());
    used.addAll(opening.keySet());
    return used;
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
              parts.storage().delete(id);
              return held;
            });
  }

  private void stopGiving(TaskId id) {
    for (SupernodeLink link : parts.supernodes().giving()) {
      link.member(id).ifPresent(Membership::leave);
    }
    parts.ended().accept(id);
    parts.uses().forget(id);
  }

  @Override
  public boolean letGo(TaskId id) {
    if (active.containsKey(id) || opening.containsKey(id)) {
      return false;
    }
    stopGiving(id);
    return true;
  }

  /** Looks from now on, from time to time, for what nobody has used for long. */
  void sweepFromNowOn() {
    Duration quarter = parts.bounds().taskTtl().dividedBy(4);
    if (!quarter.isZero()) {
      Duration pause = quarter.compareTo(SWEEP) < 0 ? quarter : SWEEP;
      var unused = parts.loop().after(pause, this::sweep);
    }
  }

  private void sweep() {
    parts.store().execute(room::expire);
    sweepFromNowOn();
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
    parts.uses().fetched(download.task().id());
    parts.store().execute(() -> room.used(download.task().id()));
    active.remove(download.task().id(), download);
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
