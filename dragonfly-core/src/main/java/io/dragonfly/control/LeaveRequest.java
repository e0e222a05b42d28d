package io.dragonfly.control;

import io.dragonfly.task.TaskId;
import java.util.Optional;

/**
 * Leaves a task, or the supernode.
 *
 * @param caller the peer
 * @param task the task that the peer leaves; empty if it leaves all of them
 */
public record LeaveRequest(Caller caller, Optional<TaskId> task) {
  /**
   * Returns this request with another caller: the same peer with more proofs, or with the secret
   * for one supernode.
   */
  public LeaveRequest by(Caller by) {
    return new LeaveRequest(by, task);
  }
}
