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
 * What the operator of a supernode sees and does. Safe for concurrent use. No method blocks; a call
 * that fails completes its future with a {@link io.dragonfly.error.DistributionException}.
 */
public interface AdminApi {
  /** Lists what the CDN cache has, the last used first. */
  CompletableFuture<List<CachedTask>> tasks();

  /** Deletes a task, unless a peer wants it. Peers that only hold it keep their own copies. */
  CompletableFuture<Deletion> delete(TaskId task);

  /** Keeps a task however long nobody uses it, or no longer; tells whether there is such a task. */
  CompletableFuture<Boolean> pin(TaskId task, boolean pinned);

  /** Reads the pieces of a task and compares their digests; empty if there is no such task. */
  CompletableFuture<Optional<Verification>> verify(TaskId task);

  /** Lists the peers that the supernode knows. */
  CompletableFuture<List<KnownPeer>> peers();

  /** Tells how the supernode is. */
  CompletableFuture<Status> status();

  /**
   * Begins to bring something into the CDN cache before a peer asks for it.
   *
   * @param peers which peers are told to fetch it, too, once it is there: {@code all}, {@code
   *     zone:NAME}, an IP address, or a peer's id. Only those do that have chosen to
   */
  CompletableFuture<Preheat> preheat(PreheatRequest request, List<String> peers);

  /** Tells how a preheat is; empty if it is not known, or not any more. */
  CompletableFuture<Optional<Preheat>> preheat(String id);

  /** Lists the preheats that are remembered, the last one first. */
  CompletableFuture<List<Preheat>> preheats();

  /** Ends a preheat, unless it has ended; what it has read stays. Empty if it is not known. */
  CompletableFuture<Optional<Preheat>> cancelPreheat(String id);

  /**
   * A task in the CDN cache.
   *
   * @param task the task
   * @param pieces how many of its pieces are there
   * @param lastUse when a peer registered for it or took a piece of it last
   * @param pinned whether it is kept however long nobody uses it
   * @param reading whether its source is being read
   * @param wanting how many peers want pieces of it
   * @param holding how many peers take part in it in all
   * @param url where it comes from, without query and user; empty if a store does not remember it
   *     and no peer takes part
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

  /** What came of deleting a task. */
  enum Deletion {
    /** It is gone, and so are its bytes. */
    DELETED,
    /** It stays: a peer wants it. */
    IN_USE,
    /** There is no such task. */
    UNKNOWN
  }

  /**
   * How a task's pieces compare with their digests.
   *
   * @param task the task
   * @param checked how many pieces were read
   * @param bad the numbers of those that were not what they should be; they are read again
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
   * @param peer who and where it is
   * @param tasks in how many tasks it takes part
   * @param wanting of how many it wants pieces
   * @param silent how long it was not heard of; one that waits for an answer is silent
   * @param isolation what complaints of it have come to; empty if there is nothing to say
   */
  record KnownPeer(
      Peer peer, int tasks, int wanting, Duration silent, Optional<Isolation> isolation) {}

  /**
   * What others' complaints of a peer, and its own of others, have come to.
   *
   * @param left how long nobody is to take from it; zero if that is over
   * @param times how often it was isolated lately
   * @param doubted whether its own complaints are not believed: it alone has too many
   * @param reason who complained of what when it was isolated last; empty if it never was
   */
  record Isolation(Duration left, int times, boolean doubted, String reason) {}

  /**
   * How a supernode is.
   *
   * @param since when it was started
   * @param tasks how many tasks the CDN cache has
   * @param bytes what they take up, or will when they are read
   * @param quotaBytes what they may take up; empty for what the disk has
   * @param peers how many peers it knows
   */
  record Status(Instant since, int tasks, long bytes, Optional<Long> quotaBytes, int peers) {}
}
