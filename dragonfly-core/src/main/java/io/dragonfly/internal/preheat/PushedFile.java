package io.dragonfly.internal.preheat;

import io.dragonfly.control.Push;
import io.dragonfly.internal.access.Tickets;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.Task;
import java.time.Instant;

/**
 * A file in the supernode's cache that peers are told to fetch. Whoever asked for the preheat may
 * read it, and wants these peers to have it: that is what their tickets say. Immutable.
 */
public final class PushedFile {
  private final String url;
  private final Task task;
  private final Tickets tickets;

  /**
   * A version that the supernode has.
   *
   * @param url names it for people
   * @param tickets makes the tickets of the supernode
   */
  PushedFile(String url, Task task, Tickets tickets) {
    this.url = url;
    this.task = task;
    this.tickets = tickets;
  }

  /** Returns what one peer is told. */
  public Push issue(PeerId peer, Instant expires) {
    return new Push(url, task.id(), tickets.issue(task, peer, expires));
  }
}
