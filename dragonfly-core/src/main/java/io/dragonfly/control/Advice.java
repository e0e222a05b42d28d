package io.dragonfly.control;

import java.util.List;

/**
 * What a peer should do with a task while its supernode is lost.
 *
 * @param backToSource whether the peer may then read the source itself
 * @param contacts up to five peers of the swarm, which the caller may take from
 */
public record Advice(boolean backToSource, List<Parent> contacts) {
  /** Neither. */
  public static final Advice NONE = new Advice(false, List.of());

  /** Copies the list. */
  public Advice {
    contacts = List.copyOf(contacts);
  }
}
