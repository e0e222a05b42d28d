package io.dragonfly.internal.supernode;

import io.dragonfly.internal.access.Capabilities;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.time.Instant;

/** Who holds pieces and can be named as a parent: a peer or the CDN cache. Immutable. */
final class Holder {
  private final Peer peer;
  private final byte[] key;

  /**
   * A holder.
   *
   * @param key the key of capabilities for its pieces; a secret
   */
  Holder(Peer peer, byte[] key) {
    this.peer = peer;
    this.key = key;
  }

  Peer peer() {
    return peer;
  }

  /** Makes the right to take a task from this holder. Costs time: not to be done under a lock. */
  String capability(TaskId task, PeerId taker, InetAddress address, Instant expires) {
    return Capabilities.issue(key, task, taker, address, expires);
  }

  /** Returns this holder as another peer value. */
  Holder at(Peer now) {
    return peer.equals(now) ? this : new Holder(now, key);
  }
}
