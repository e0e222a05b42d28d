package io.dragonfly.control;

import io.dragonfly.peer.Peer;

/**
 * Somebody that the caller may take pieces of one task from.
 *
 * @param number stands for the parent in {@link Assignment}s of this task and this caller
 * @param peer who and where it is
 * @param capability the right to take this task from this parent; a secret
 */
public record Parent(int number, Peer peer, String capability) {
  @Override
  public String toString() {
    return "Parent[" + number + ", " + peer + "]";
  }
}
