package io.dragonfly.internal.supernode;

import io.dragonfly.internal.access.Capabilities;
import io.dragonfly.internal.access.ChildAddresses;
import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.TaskId;
import java.net.InetAddress;
import java.time.Instant;
import java.util.Optional;

/** Who holds pieces and can be named as a parent: a peer or the CDN cache. Immutable. */
final class Holder {
  private final Peer peer;
  private final Optional<Peer> other;
  private final byte[] key;

  /**
   * A holder with one address.
   *
   * @param key the key of capabilities for its pieces; a secret
   */
  Holder(Peer peer, byte[] key) {
    this(peer, Optional.empty(), key);
  }

  /**
   * A holder.
   *
   * @param other the same peer at an address of the other family, IPv4 or IPv6
   * @param key the key of capabilities for its pieces; a secret
   */
  Holder(Peer peer, Optional<Peer> other, byte[] key) {
    this.peer = peer;
    this.other = other;
    this.key = key;
  }

  Peer peer() {
    return peer;
  }

  /** Returns the peer at the address that a taker reaches, with its own family first. */
  Peer peer(ChildAddresses child) {
    return other
        .filter(at -> ChildAddresses.isSameFamily(at.address().getAddress(), child.own()))
        .orElse(peer);
  }

  /** Makes the right to take a task from this holder. Costs time: not to be done under a lock. */
  String capability(TaskId task, PeerId child, InetAddress address, Instant expires) {
    return Capabilities.issue(key, task, child, address, expires);
  }

  /** Returns this holder as another peer value. */
  Holder at(Peer now) {
    return peer.equals(now) ? this : new Holder(now, other, key);
  }
}
