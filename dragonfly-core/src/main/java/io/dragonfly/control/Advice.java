package io.dragonfly.control;

import java.util.List;

/**
 * What a peer should do with a task if its supernode is lost.
 *
 * @param backToSource whether the peer may then download from the source itself
 * @param contacts up to five peers of the swarm from which the caller may then download
 */
public record Advice(boolean backToSource, List<Parent> contacts) {
  /** Advice to do neither. */
  public static final Advice NONE = new Advice(false, List.of());

  /** Copies the list. */
  public Advice {
    contacts = List.copyOf(contacts);
  }
}
