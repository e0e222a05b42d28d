package io.dragonfly.control;

import io.dragonfly.error.DistributionException;
import io.dragonfly.task.PieceDigests;
import io.dragonfly.task.TaskId;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * News about one task for one peer.
 *
 * @param task the task
 * @param state whether the task continues
 * @param failure why it ended, if it did; if it continues, why the source has failed several times
 *     and is downloaded again, if that is new
 * @param length length of the file in bytes, once it is known
 * @param digests digests that the caller does not have yet
 * @param parents parents that are new, or have a new address or capability
 * @param assignments pieces to download now
 * @param advice what to do from now on if the supernode is lost; empty if that has not changed
 * @param toVerify uploaded pieces that children found wrong: the caller should verify them, and
 *     withdraw the wrong ones
 * @param queued what the task waits for. While it waits, each response to a peer that wants the
 *     task contains this; a response without it says that the task does not wait
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

  /** Whether a task continues. */
  public enum State {
    /** The task continues. */
    ACTIVE,
    /** The supernode does not know the task, or this peer as one of its peers: register again. */
    UNKNOWN,
    /** This version has failed for all peers: see {@link TaskUpdate#failure}. */
    FAILED
  }

  /** Copies the lists. */
  public TaskUpdate {
    parents = List.copyOf(parents);
    assignments = List.copyOf(assignments);
    toVerify = List.copyOf(toVerify);
  }

  /** Creates the update for a task that the supernode does not know. */
  public static TaskUpdate unknown(TaskId task) {
    return ended(task, State.UNKNOWN, Optional.empty());
  }

  /** Creates the update for a version that has failed for all peers. */
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
