package io.dragonfly.control;

import io.dragonfly.task.TaskId;
import java.util.Optional;

/**
 * Gives up.
 *
 * @param caller who calls
 * @param task the task that is given up; if absent the peer leaves as a whole
 */
public record LeaveRequest(Caller caller, Optional<TaskId> task) {
  /** Returns the same call of the same caller, who proves the join token with it. */
  public LeaveRequest with(JoinProof proof) {
    return new LeaveRequest(caller.with(proof), task);
  }
}
