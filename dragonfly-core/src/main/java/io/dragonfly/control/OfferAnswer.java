package io.dragonfly.control;

import io.dragonfly.task.TaskId;
import java.util.List;

/**
 * What the supernode makes of an offer.
 *
 * @param unknown the offered tasks that it does not know; nobody will be sent for them
 * @param terms for how long the answer holds
 */
public record OfferAnswer(List<TaskId> unknown, Terms terms) {
  /** Copies the list. */
  public OfferAnswer {
    unknown = List.copyOf(unknown);
  }
}
