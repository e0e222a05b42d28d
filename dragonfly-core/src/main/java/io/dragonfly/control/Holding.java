package io.dragonfly.control;

import io.dragonfly.task.TaskId;
import java.util.BitSet;
import java.util.Optional;

/**
 * Which verified pieces of a task a peer holds.
 *
 * @param task the task
 * @param pieces the numbers of the pieces; not to be changed
 * @param ticket the ticket of an earlier registration for the task: an offer needs one
 */
public record Holding(TaskId task, BitSet pieces, Optional<String> ticket) {
  /** Copies the set. */
  public Holding {
    pieces = (BitSet) pieces.clone();
  }

  /** What a peer holds that registers for the task. */
  public Holding(TaskId task, BitSet pieces) {
    this(task, pieces, Optional.empty());
  }

  /** Hides the ticket: it is a secret. */
  @Override
  public String toString() {
    return "Holding[" + task + ", " + pieces + "]";
  }
}
