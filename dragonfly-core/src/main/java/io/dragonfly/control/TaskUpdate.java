package io.dragonfly.control;

import io.dragonfly.error.DistributionException;
import io.dragonfly.task.PieceDigests;
import io.dragonfly.task.TaskId;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What is new about one task for one peer.
 *
 * @param task the task
 * @param state whether it goes on
 * @param failure why it ended, if it did; where it goes on, why the source has failed several times
 *     and is read again, if that is new
 * @param length bytes of the content, once they are known
 * @param digests digests that the caller does not have yet
 * @param parents parents that are new, or whose address or capability is
 * @param assignments pieces to take now
 * @param advice what to do from now on if the supernode is lost; empty if that is as before
 * @param toVerify pieces that the caller gave to others who found them wrong: it should read them
 *     again, and withdraw those that are
 * @param queued what the task waits for. Each answer to a peer that wants the task has it for as
 *     long as the wait lasts; an answer without it says that the task is not queued
 */
public record TaskUpdate(
    TaskId task,
    State state,
    Optional<DistributionException> failure,
    OptionalLong length,
    PieceDigests digests,
    List<Parent> parents,
    List<Assignment> assignments,
    Optional<Advice> advice,
    List<Integer> toVerify,
    Optional<Queued> queued) {

  /** Whether a task goes on. */
  public enum State {
    /** It does. */
    ACTIVE,
    /** The supernode does not know the task, or this peer as one of its peers: register again. */
    UNKNOWN,
    /** This version ended for all: see {@link TaskUpdate#failure}. */
    FAILED
  }

  /** Copies the lists. */
  public TaskUpdate {
    parents = List.copyOf(parents);
    assignments = List.copyOf(assignments);
    toVerify = List.copyOf(toVerify);
  }

  /** A task that the supernode does not know. */
  public static TaskUpdate unknown(TaskId task) {
    return ended(task, State.UNKNOWN, Optional.empty());
  }

  /** A version that ended for all. */
  public static TaskUpdate failed(TaskId task, DistributionException failure) {
    return ended(task, State.FAILED, Optional.of(failure));
  }

  private static TaskUpdate ended(
      TaskId task, State state, Optional<DistributionException> failure) {
    return new TaskUpdate(
        task,
        state,
        failure,
        OptionalLong.empty(),
        PieceDigests.NONE,
        List.of(),
        List.of(),
        Optional.empty(),
        List.of(),
        Optional.empty());
  }
}
