package io.dragonfly.control;

import io.dragonfly.task.TaskId;
import java.util.BitSet;

/**
 * Which verified pieces of a task a peer holds.
 *
 * @param task the task
 * @param pieces the numbers of the pieces; not to be changed
 */
public record Holding(TaskId task, BitSet pieces) {
  /** Copies the set. */
  public Holding {
    pieces = (BitSet) pieces.clone();
  }
}
