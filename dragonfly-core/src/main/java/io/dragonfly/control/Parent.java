package io.dragonfly.control;

import io.dragonfly.peer.Peer;

/**
 * A parent from which the caller may download pieces of one task.
 *
 * @param number identifies the parent in {@link Assignment}s of this task and this caller
 * @param peer its id and address
 * @param capability permission to download this task from this parent; a secret
 */
public record Parent(int number, Peer peer, String capability) {
  @Override
  public String toString() {
    return "Parent[" + number + ", " + peer + "]";
  }
}
