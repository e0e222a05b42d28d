package io.dragonfly.internal.preheat;

import io.dragonfly.control.Caller;
import io.dragonfly.control.LeaveRequest;
import io.dragonfly.control.PollRequest;
import io.dragonfly.control.PollResponse;
import io.dragonfly.control.RegisterRequest;
import io.dragonfly.control.RegisterResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.control.TaskReport;
import io.dragonfly.control.TaskUpdate;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.NoProgressException;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.internal.cdn.CdnTask;
import io.dragonfly.peer.PeerSecret;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.function.LongConsumer;

/**
 * Brings one content into the CDN cache: as a peer that registers for it, with its own credentials
 * as each peer, and takes no piece. So all that holds for what peers ask for holds for this too.
 */
final class ContentPreheat {
  /** The source has 30 s to answer, and may have others to answer first. */
  private static final Duration REGISTER_LIMIT = Duration.ofMinutes(2);

  private static final Duration PATIENCE = Duration.ofSeconds(1);
  private static final Duration NEXT_LIMIT = Duration.ofSeconds(30);

  private final SupernodeApi supernode;
  private final Function<TaskId, Optional<CdnTask>> cached;
  private final Caller caller;

  /**
   * A peer of the supernode.
   *
   * @param cached finds what the CDN cache has of a task
   */
  ContentPreheat(
      SupernodeApi supernode, Function<TaskId, Optional<CdnTask>> cached, SecureRandom random) {
    this.supernode = supernode;
    this.cached = cached;
    this.caller =
        new Caller(
            PeerSecret.random(random),
            new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
            "");
  }

  /**
   * Reads the content and waits for it. Returns the version that is there.
   *
   * @param progress is told how many bytes are there
   * @throws DistributionException if it cannot be read
   */
  Task read(ContentRequest content, LongConsumer progress) throws InterruptedException {
    RegisterRequest request =
        new RegisterRequest(caller, content, Optional.empty(), Optional.empty(), List.of());
    try {
      RegisterResponse answer = await(supernode.register(request), REGISTER_LIMIT);
      if (answer.content().isPresent()) {
        progress.accept(answer.content().get().length);
        return answer.task();
      }
      follow(answer.task().id(), progress);
      return cached.apply(answer.task().id()).map(CdnTask::task).orElse(answer.task());
    } finally {
      var unused = supernode.leave(new LeaveRequest(caller, Optional.empty()));
    }
  }

  private void follow(TaskId task, LongConsumer progress) throws InterruptedException {
    long answered = 0;
    int digests = 0;
    while (!isThere(task, progress)) {
      TaskReport nothing = new TaskReport(task, PieceSpan.NONE, digests, List.of(), List.of());
      PollRequest request = new PollRequest(caller, answered, List.of(nothing), PATIENCE);
      PollResponse answer = await(supernode.poll(request), NEXT_LIMIT);
      answered = answer.number();
      for (TaskUpdate update : answer.updates()) {
        digests = Math.max(digests, update.digests().end());
        check(update);
      }
    }
  }

  private static void check(TaskUpdate update) {
    if (update.state() == TaskUpdate.State.FAILED) {
      throw update.failure().orElseThrow();
    }
    if (update.state() == TaskUpdate.State.UNKNOWN) {
      throw new SupernodeUnreachableException(
          "The task was deleted while it was read. Try again if that was not meant.");
    }
  }

  private boolean isThere(TaskId id, LongConsumer progress) {
    Optional<CdnTask> task = cached.apply(id);
    if (task.filter(CdnTask::isPassedOn).isPresent()) {
      throw new NoSpaceException(
          "The disk of the supernode has no room to keep this: it would only be passed on to peers,"
              + " and nobody is here to take it. Make room, then try again.",
          task.get().task().layout().length().orElse(0),
          0,
          null);
    }
    task.ifPresent(
        cdn -> {
          long most = (long) cdn.pieces().cardinality() * cdn.task().layout().pieceLength();
          progress.accept(Math.min(most, cdn.task().layout().length().orElse(most)));
        });
    return task.isPresent() && task.get().isComplete();
  }

  private static <T> T await(CompletableFuture<T> future, Duration limit)
      throws InterruptedException {
    try {
      return future.get(limit.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      future.cancel(true);
      throw e;
    } catch (ExecutionException e) {
      if (e.getCause() instanceof DistributionException typed) {
        throw typed;
      }
      throw new SupernodeUnreachableException(
          "The supernode could not answer: %s. See its log.".formatted(e.getCause()), e.getCause());
    } catch (TimeoutException e) {
      future.cancel(true);
      throw new NoProgressException(
          "Nothing was heard for %d s. Try again later.".formatted(limit.toSeconds()));
    }
  }
}
