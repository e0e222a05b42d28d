package io.dragonfly.control;

import io.dragonfly.task.TaskId;

/**
 * A file that an operator of the supernode wants a peer to have. It has no credentials: the peer
 * registers with the ticket, and never asks the source.
 *
 * @param url names the file for people: without its query
 * @param task the version that the supernode has
 * @param ticket admits this one peer to that version, for a day: it may wait behind others
 */
public record Push(String url, TaskId task, String ticket) {
  /** Hides the ticket: it is a secret. */
  @Override
  public String toString() {
    return "Push[" + url + ", " + task + "]";
  }
}
