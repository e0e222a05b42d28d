package io.dragonfly.control;

import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * Who calls a supernode, and where others can take pieces from it.
 *
 * @param secret proves that the caller is {@link #id}
 * @param address where it serves pieces; port 0 if it serves nobody
 * @param idc its data centre; empty if it does not say
 * @param proof that it has the fleet's join token, if there is one
 */
public record Caller(
    PeerSecret secret, InetSocketAddress address, String idc, Optional<JoinProof> proof) {
  /** A caller in a fleet without a join token. */
  public Caller(PeerSecret secret, InetSocketAddress address, String idc) {
    this(secret, address, idc, Optional.empty());
  }

  /** Returns the same caller with a proof of the join token. */
  public Caller with(JoinProof joined) {
    return new Caller(secret, address, idc, Optional.of(joined));
  }

  /** Returns the same caller with another secret, and so with another name. */
  public Caller with(PeerSecret other) {
    return new Caller(other, address, idc, proof);
  }

  /** Returns the caller's public name. */
  public PeerId id() {
    return secret.id();
  }

  /** Returns the caller as others may know it. */
  public Peer peer() {
    return new Peer(id(), address, idc);
  }
}
