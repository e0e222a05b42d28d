package io.dragonfly.control;

import io.dragonfly.task.TaskId;
import java.util.List;

/**
 * What the supernode makes of an offer.
 *
 * @param unknown the offered tasks for which nobody will be sent: there is no valid ticket, or the
 *     supernode has lost the task. Without a ticket nobody learns which
 * @param terms for how long the answer holds
 */
public record AnnounceResponse(List<TaskId> unknown, Terms terms) {
  /** Copies the list. */
  public AnnounceResponse {
    unknown = List.copyOf(unknown);
  }
}
