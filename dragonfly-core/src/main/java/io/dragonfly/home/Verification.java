package io.dragonfly.home;

import io.dragonfly.task.TaskId;
import java.util.List;

/**
 * How a task's pieces compare with their digests.
 *
 * @param task the task
 * @param checked how many pieces were read
 * @param bad the numbers of those that were not what they should be; they are no longer there
 */
public record Verification(TaskId task, int checked, List<Integer> bad) {
  /** Copies the list. */
  public Verification {
    bad = List.copyOf(bad);
  }
}
