package io.dragonfly.control;

import io.dragonfly.task.TaskId;
import java.util.BitSet;
import java.util.Optional;

/**
 * The verified pieces of a task that a peer has.
 *
 * @param task the task
 * @param pieces the numbers of the pieces; must not be changed
 * @param ticket the ticket of an earlier registration for the task, which an announcement needs
 */
public record Holding(TaskId task, BitSet pieces, Optional<String> ticket) {
  /** Copies the set. */
  public Holding {
    pieces = (BitSet) pieces.clone();
  }

  /** The pieces of a peer that registers for the task. */
  public Holding(TaskId task, BitSet pieces) {
    this(task, pieces, Optional.empty());
  }

  /** Hides the ticket, which is a secret. */
  @Override
  public String toString() {
    return "Holding[" + task + ", " + pieces + "]";
  }
}
