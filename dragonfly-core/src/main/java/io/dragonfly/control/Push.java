package io.dragonfly.control;

import io.dragonfly.task.TaskId;

/**
 * A file that an operator of the supernode sends to a peer. It has no credentials: the peer
 * registers with the ticket and does not ask the source.
 *
 * @param url the URL without its query, for people
 * @param task the version that the supernode has
 * @param ticket admits this peer to that version for a day, because it may wait behind others
 */
public record Push(String url, TaskId task, String ticket) {
  /** Hides the ticket, which is a secret. */
  @Override
  public String toString() {
    return "Push[" + url + ", " + task + "]";
  }
}
