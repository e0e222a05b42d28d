package io.dragonfly.control;

import java.util.List;

/**
 * What is new for the caller.
 *
 * @param number counts the answers to this caller, from 1 on; starts anew when the supernode does
 * @param updates the tasks for which there is something new
 * @param preheats files that the caller should fetch; only for peers that {@link
 *     PollRequest#acceptsPreheats accept} them, and have proved that they belong to the fleet
 * @param revoked capabilities for the caller's pieces that the caller refuses from now on
 * @param terms for how long the answer holds
 */
public record PollResponse(
    long number,
    List<TaskUpdate> updates,
    List<Push> preheats,
    List<Revoked> revoked,
    Terms terms) {
  /** Copies the lists. */
  public PollResponse {
    updates = List.copyOf(updates);
    preheats = List.copyOf(preheats);
    revoked = List.copyOf(revoked);
  }

  /** An answer that revokes nothing. */
  public PollResponse(long number, List<TaskUpdate> updates, List<Push> preheats, Terms terms) {
    this(number, updates, preheats, List.of(), terms);
  }

  /** An answer without preheats. */
  public PollResponse(long number, List<TaskUpdate> updates, Terms terms) {
    this(number, updates, List.of(), terms);
  }
}
