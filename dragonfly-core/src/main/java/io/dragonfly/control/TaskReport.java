package io.dragonfly.control;

import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import java.util.List;

/**
 * What has happened with one task since the last report.
 *
 * @param task the task
 * @param wanted the pieces that may be assigned now: a streaming reader's window, the pieces of a
 *     range, or all; {@link PieceSpan#NONE} for who only gives
 * @param digestsKnown how many digests, from piece 0 on, the caller has
 * @param withdrawn pieces that the caller had reported and holds no longer
 * @param results results in the order in which they came
 */
public record TaskReport(
    TaskId task,
    PieceSpan wanted,
    int digestsKnown,
    List<Integer> withdrawn,
    List<PieceResult> results) {
  /** Copies the lists. */
  public TaskReport {
    withdrawn = List.copyOf(withdrawn);
    results = List.copyOf(results);
  }
}
