package io.dragonfly.control;

import java.util.List;

/**
 * News for a peer.
 *
 * @param number number of this response to this peer, from 1; it starts again when the supernode
 *     restarts
 * @param updates tasks with news
 * @param preheats files that the caller should fetch; only for peers that {@link
 *     PollRequest#acceptsPreheats accept} them and have proved the join token or a client
 *     certificate
 * @param revoked capabilities for the caller's pieces that the caller refuses from now on
 * @param terms for how long this response is valid
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

  /** Creates a response that revokes nothing. */
  public PollResponse(long number, List<TaskUpdate> updates, List<Push> preheats, Terms terms) {
    this(number, updates, preheats, List.of(), terms);
  }

  /** Creates a response without preheats. */
  public PollResponse(long number, List<TaskUpdate> updates, Terms terms) {
    this(number, updates, List.of(), terms);
  }
}
