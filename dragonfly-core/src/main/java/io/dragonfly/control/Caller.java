package io.dragonfly.control;

import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import java.net.InetSocketAddress;

/**
 * Who calls a supernode, and where others can take pieces from it.
 *
 * @param secret proves that the caller is {@link #id}
 * @param address where it serves pieces; port 0 if it serves nobody
 * @param idc its data centre; empty if it does not say
 */
public record Caller(PeerSecret secret, InetSocketAddress address, String idc) {
  /** Returns the caller's public name. */
  public PeerId id() {
    return secret.id();
  }

  /** Returns the caller as others may know it. */
  public Peer peer() {
    return new Peer(id(), address, idc);
  }
}
