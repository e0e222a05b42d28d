package io.dragonfly.control;

import io.dragonfly.peer.Peer;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The operations of a supernode's operator. Thread-safe. No method blocks. A failed operation
 * completes its future with a {@link io.dragonfly.error.DistributionException}.
 */
public interface AdminApi {
  /** Lists the tasks in the supernode cache, the most recently used first. */
  CompletableFuture<List<CachedTask>> tasks();

  /** Deletes a task, unless a peer wants it. Peers that have it keep their copies. */
  CompletableFuture<Deletion> delete(TaskId task);

  /** Pins a task, so that it is not evicted, or unpins it. Returns whether the task exists. */
  CompletableFuture<Boolean> pin(TaskId task, boolean pinned);

  /**
   * Compares the pieces of a task with their digests. Returns an empty result if the task does not
   * exist.
   */
  CompletableFuture<Optional<Verification>> verify(TaskId task);

  /** Lists the peers that the supernode knows. */
  CompletableFuture<List<KnownPeer>> peers();

  /** Returns the state of the supernode. */
  CompletableFuture<Status> status();

  /**
   * Starts to download a file or image into the supernode cache before a peer requests it.
   *
   * @param peers peers that are to fetch it as well, once it is cached: {@code all}, {@code
   *     zone:NAME}, an IP address, or a peer's id. Only peers that accept preheats do so
   */
  CompletableFuture<Preheat> preheat(PreheatRequest request, List<String> peers);

  /** Returns a preheat; empty if it is not known or was forgotten. */
  CompletableFuture<Optional<Preheat>> preheat(String id);

  /** Lists the preheats that are remembered, the latest first. */
  CompletableFuture<List<Preheat>> preheats();

  /**
   * Cancels a preheat, unless it has ended. What was downloaded stays in the cache. Returns an
   * empty result if the preheat is not known.
   */
  CompletableFuture<Optional<Preheat>> cancelPreheat(String id);

  /**
   * A task in the supernode cache.
   *
   * @param task the task
   * @param pieces number of its pieces that are cached
   * @param lastUse when a peer last registered for it or downloaded a piece of it
   * @param pinned whether it is never evicted
   * @param reading whether it is being downloaded from its source
   * @param wanting number of peers that want pieces of it
   * @param holding number of all its peers
   * @param url its URL without query and user; empty if the storage does not record it and the task
   *     has no peer
   */
  record CachedTask(
      Task task,
      int pieces,
      Instant lastUse,
      boolean pinned,
      boolean reading,
      int wanting,
      int holding,
      Optional<String> url) {}

  /** The result of deleting a task. */
  enum Deletion {
    /** The task and its bytes were deleted. */
    DELETED,
    /** The task stays because a peer wants it. */
    IN_USE,
    /** There is no such task. */
    UNKNOWN
  }

  /**
   * The result of comparing a task with its digests.
   *
   * @param task the task
   * @param checked number of pieces that were compared
   * @param bad numbers of the pieces that were wrong; they are downloaded again
   */
  record Verification(TaskId task, int checked, List<Integer> bad) {
    /** Copies the list. */
    public Verification {
      bad = List.copyOf(bad);
    }
  }

  /**
   * A peer.
   *
   * @param peer its id and address
   * @param tasks number of tasks in which it takes part
   * @param wanting number of tasks of which it wants pieces
   * @param silent time since it last sent a request; a peer whose poll is open is silent
   * @param isolation the result of complaints about it; empty if there were none
   */
  record KnownPeer(
      Peer peer, int tasks, int wanting, Duration silent, Optional<Isolation> isolation) {}

  /**
   * The results of complaints about a peer, and of its own complaints.
   *
   * @param left for how long others do not download from it; zero if that is over
   * @param times how often it was isolated recently
   * @param doubted whether its own complaints are ignored, because no other peer agrees with them
   * @param reason the complaints that led to the last isolation; empty if there was none
   */
  record Isolation(Duration left, int times, boolean doubted, String reason) {}

  /**
   * The state of a supernode.
   *
   * @param since when it was started
   * @param tasks number of tasks in the supernode cache
   * @param bytes their size in bytes when they are complete
   * @param quotaBytes limit of that size; empty if only the disk limits it
   * @param peers number of peers that it knows
   */
  record Status(Instant since, int tasks, long bytes, Optional<Long> quotaBytes, int peers) {}
}
