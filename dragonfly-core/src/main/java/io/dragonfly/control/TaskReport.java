package io.dragonfly.control;

import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.TaskId;
import java.util.List;

/**
 * What has happened with one task since the last report.
 *
 * @param task the task
 * @param wanted the pieces that may be assigned now: the window of a stream, the pieces of a range,
 *     or all; {@link PieceSpan#NONE} for a peer that only uploads
 * @param digestsKnown number of digests that the caller has, from piece 0
 * @param withdrawn pieces that the caller had reported and no longer has
 * @param results the results in the order in which they came
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
