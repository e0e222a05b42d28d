package io.dragonfly.control;

import java.util.List;

/**
 * What is new for the caller.
 *
 * @param number counts the answers to this caller, from 1 on; starts anew when the supernode does
 * @param updates the tasks for which there is something new
 * @param terms for how long the answer holds
 */
public record NextAnswer(long number, List<TaskUpdate> updates, Terms terms) {
  /** Copies the list. */
  public NextAnswer {
    updates = List.copyOf(updates);
  }
}
