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
  /**
   * Returns the same call of another caller: the same peer with more to show, or as one supernode
   * knows it.
   */
  public LeaveRequest by(Caller by) {
    return new LeaveRequest(by, task);
  }
}
