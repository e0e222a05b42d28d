package io.dragonfly.fetch;

import io.dragonfly.rate.Rate;
import io.dragonfly.task.TaskId;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/** The handle of a running fetch. Safe for concurrent use. */
public interface Fetch {
  /** Returns what is fetched. */
  FetchRequest request();

  /** Returns the version that is fetched, once it is known which one that is. */
  Optional<TaskId> task();

  /**
   * Returns a future of the end. Each call gives a new copy: completing or cancelling it does
   * nothing to the fetch. A failed fetch completes it with a {@link
   * io.dragonfly.error.DistributionException}, a cancelled one with {@link
   * io.dragonfly.error.FetchCancelledException}. Continuations run on a thread of the client that
   * may block. They may also close the client; that close does not wait.
   */
  CompletableFuture<FetchResult> completion();

  /** Returns the bytes of the whole content, also if only a range is wanted, once it is known. */
  OptionalLong contentLength();

  /** Returns how far it is, now. */
  FetchProgress progress();

  /**
   * Returns why the source has failed, if it is asked again by this peer or its supernode and no
   * piece has come since. A fetch that gets no further fails in the end, see {@link #completion}.
   */
  Optional<String> sourceTrouble();

  /**
   * Changes how fast the content may come; empty is without limit. Holds within a second, also for
   * what is on its way.
   *
   * @throws IllegalArgumentException if the rate is less than {@link Rate#LEAST_LIMIT} or the
   *     request's minRate
   */
  void setRate(Optional<Rate> rate);

  /** Ends this fetch; others of the same content go on. What is verified stays for the next one. */
  void cancel();
}
