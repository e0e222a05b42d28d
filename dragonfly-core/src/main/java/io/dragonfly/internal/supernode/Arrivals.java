package io.dragonfly.internal.supernode;

import io.dragonfly.control.SupernodeListener;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.StorageException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.cdn.Access;
import io.dragonfly.internal.cdn.CdnCache;
import io.dragonfly.internal.cdn.CdnTask;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.task.Task;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes a task ready when the first comes for it. Safe for concurrent use. */
final class Arrivals {
  private static final Logger log = LoggerFactory.getLogger(Arrivals.class);

  private final Swarms swarms;
  private final CdnCache cache;
  private final Versions versions;
  private final Executor work;
  private final SupernodeListener listener;

  /**
   * Arrivals at these swarms.
   *
   * @param work runs what blocks on the disk
   * @param listener is told of each arrival
   */
  Arrivals(
      Swarms swarms, CdnCache cache, Versions versions, Executor work, SupernodeListener listener) {
    this.swarms = swarms;
    this.cache = cache;
    this.versions = versions;
    this.work = work;
    this.listener = listener;
  }

  /** Runs what blocks on the disk. */
  <T> CompletableFuture<T> inBackground(Supplier<CompletableFuture<T>> slow) {
    CompletableFuture<T> result = new CompletableFuture<>();
    try {
      work.execute(() -> run(slow, result));
    } catch (RejectedExecutionException e) {
      result.completeExceptionally(
          new SupernodeUnreachableException("The supernode is stopping. Ask another.", e));
    }
    return result;
  }

  private static <T> void run(Supplier<CompletableFuture<T>> slow, CompletableFuture<T> result) {
    try {
      Continuations.passOn(slow.get(), result);
    } catch (Throwable e) {
      // Any failure must reach the caller that waits for the result.
      result.completeExceptionally(e);
    }
  }

  /** Returns the swarm of a task, which is begun if there is none. Blocks on the disk then. */
  CompletableFuture<SwarmTask> arrive(Task task) {
    Swarms.Begun begun = swarms.begin(task);
    if (begun.isNew()) {
      makeReady(begun.task());
    }
    return begun.task().started().thenApply(cdn -> begun.task());
  }

  /**
   * Returns the swarm of a task, and has the CDN cache read what is open.
   *
   * @param opened the content from its beginning; closed in any case
   */
  CompletableFuture<SwarmTask> arrive(Task task, Access access, SourceContent opened) {
    CompletableFuture<SwarmTask> swarm = arrive(task);
    return swarm.whenComplete(
        (ready, failure) -> {
          CdnTask cdn = ready == null ? null : ready.started().getNow(null);
          if (cdn != null) {
            cdn.read(access, Optional.of(opened));
          } else {
            close(opened);
          }
        });
  }

  static void close(SourceContent opened) {
    try {
      opened.close();
    } catch (IOException e) {
      log.debug("closing a source's stream failed: {}", e.toString());
    }
  }

  private void makeReady(SwarmTask swarm) {
    try {
      CdnTask cdn = cache.prepare(swarm.task());
      try {
        swarms.started(swarm, cdn, cdn.smallContent());
        listener.begun(cdn.task(), Optional.empty());
      } catch (IOException | RuntimeException | Error e) {
        cdn.release(false);
        throw e;
      }
    } catch (NoSpaceException e) {
      // Whose disk it is must be said: the peer's own has room, perhaps.
      failed(
          swarm,
          new NoSpaceException(
              "The supernode has no room: " + e.getMessage(), e.neededBytes(), e.freeBytes(), e));
    } catch (DistributionException e) {
      failed(swarm, e);
    } catch (IOException | RuntimeException | Error e) { // else the task would never start
      log.error("task {} cannot be made ready", swarm.id().brief(), e);
      failed(
          swarm,
          new StorageException(
              "Task %s cannot be kept: %s. Check the disk."
                  .formatted(swarm.id().brief(), e.getMessage()),
              e));
    }
  }

  private void failed(SwarmTask swarm, DistributionException failure) {
    log.warn("task {} cannot begin: {}", swarm.id().brief(), failure.getMessage());
    listener.begun(swarm.task(), Optional.of(failure));
    versions.forget(swarm.task());
    swarms.failed(swarm, failure);
  }
}
