package io.dragonfly.internal.supernode;

import io.dragonfly.control.AdminApi;
import io.dragonfly.control.Preheat;
import io.dragonfly.control.PreheatRequest;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.StorageException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.cdn.KeptTasks;
import io.dragonfly.internal.preheat.Preheats;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Answers the operator. What blocks on the disk runs on threads of its own: to verify a large task
 * takes long, and no registration shall wait for that.
 */
final class Administration implements AdminApi {
  private final Swarms swarms;
  private final KeptTasks kept;
  private final Preheats preheats;
  private final Executor threads;
  private final Instant since;
  private final long quotaBytes;

  Administration(
      Swarms swarms,
      KeptTasks kept,
      Preheats preheats,
      Executor threads,
      Instant since,
      long quotaBytes) {
    this.swarms = swarms;
    this.kept = kept;
    this.preheats = preheats;
    this.threads = threads;
    this.since = since;
    this.quotaBytes = quotaBytes;
  }

  /** What may fail for reasons of the disk. */
  private interface DiskWork<T> {
    T run() throws IOException;
  }

  private <T> CompletableFuture<T> onDisk(DiskWork<T> work) {
    CompletableFuture<T> result = new CompletableFuture<>();
    try {
      threads.execute(() -> complete(result, work));
    } catch (RejectedExecutionException e) {
      result.completeExceptionally(
          new SupernodeUnreachableException("The supernode is stopping.", e));
    }
    return result;
  }

  private static <T> void complete(CompletableFuture<T> result, DiskWork<T> work) {
    try {
      result.complete(work.run());
    } catch (IOException e) {
      result.completeExceptionally(
          new StorageException(
              "The store fails: %s. Check the disk.".formatted(e.getMessage()), e));
    } catch (RuntimeException e) {
      result.completeExceptionally(e);
    }
  }

  @Override
  public CompletableFuture<List<CachedTask>> tasks() {
    return onDisk(
        () -> {
          Map<TaskId, Overview.Activity> activities = swarms.overview().activities();
          return kept.all().stream()
              .map(task -> cached(task, activities))
              .sorted(Comparator.comparing(CachedTask::lastUse).reversed())
              .toList();
        });
  }

  private static CachedTask cached(KeptTasks.Kept task, Map<TaskId, Overview.Activity> activities) {
    StoredTask stored = task.stored();
    Overview.Activity activity =
        activities.getOrDefault(stored.task().id(), Overview.Activity.NONE);
    return new CachedTask(
        stored.task(),
        stored.pieces().cardinality(),
        task.lastUse(),
        stored.isPinned(),
        task.reading(),
        activity.wanting(),
        activity.holding(),
        activity.url().or(stored::lastUrl));
  }

  @Override
  public CompletableFuture<Deletion> delete(TaskId task) {
    return onDisk(
        () ->
            switch (swarms.end(task)) {
              case WANTED -> Deletion.IN_USE;
              case ENDED -> Deletion.DELETED;
              case NONE -> kept.delete(task) ? Deletion.DELETED : Deletion.UNKNOWN;
            });
  }

  @Override
  public CompletableFuture<Boolean> pin(TaskId task, boolean pinned) {
    return onDisk(() -> kept.pin(task, pinned));
  }

  @Override
  public CompletableFuture<Optional<Verification>> verify(TaskId task) {
    return onDisk(
        () ->
            kept.verify(task)
                .map(checked -> new Verification(task, checked.pieces(), checked.bad())));
  }

  @Override
  public CompletableFuture<List<KnownPeer>> peers() {
    return CompletableFuture.completedFuture(swarms.overview().peers());
  }

  @Override
  public CompletableFuture<Preheat> preheat(PreheatRequest request, List<String> peers) {
    try {
      return CompletableFuture.completedFuture(preheats.start(request, peers));
    } catch (DistributionException | IllegalArgumentException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public CompletableFuture<Optional<Preheat>> preheat(String id) {
    return CompletableFuture.completedFuture(preheats.find(id));
  }

  @Override
  public CompletableFuture<List<Preheat>> preheats() {
    return CompletableFuture.completedFuture(preheats.list());
  }

  @Override
  public CompletableFuture<Optional<Preheat>> cancelPreheat(String id) {
    return CompletableFuture.completedFuture(preheats.cancel(id));
  }

  @Override
  public CompletableFuture<Status> status() {
    Optional<Long> quota =
        quotaBytes == Long.MAX_VALUE ? Optional.empty() : Optional.of(quotaBytes);
    return onDisk(
        () ->
            new Status(
                since, kept.all().size(), kept.bytes(), quota, swarms.overview().peers().size()));
  }
}
