package io.dragonfly.control;

import io.dragonfly.task.TaskId;
import java.util.List;

/**
 * The response to an announcement.
 *
 * @param unknown the announced tasks for which no child will be sent: their tickets are not valid,
 *     or the supernode has lost the task. Without a valid ticket a peer cannot tell which
 * @param terms for how long this response is valid
 */
public record AnnounceResponse(List<TaskId> unknown, Terms terms) {
  /** Copies the list. */
  public AnnounceResponse {
    unknown = List.copyOf(unknown);
  }
}
