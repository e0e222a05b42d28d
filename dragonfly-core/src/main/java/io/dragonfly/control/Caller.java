package io.dragonfly.control;

import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * Who calls a supernode, and where others can take pieces from it.
 *
 * @param secret proves that the caller is {@link #id}
 * @param address where it serves pieces; port 0 if it serves nobody
 * @param zone its zone; empty if it does not say
 * @param other an address of the other family, IPv4 or IPv6, from which it takes pieces of parents
 *     that have one of that family; nobody is sent there
 * @param certificate the fingerprint of the certificate that it shows to those who take pieces;
 *     empty if it shows none of its own
 * @param proof that it has the fleet's join token, if there is one
 */
public record Caller(
    PeerSecret secret,
    InetSocketAddress address,
    String zone,
    Optional<InetAddress> other,
    String certificate,
    Optional<JoinProof> proof) {
  /** A caller with one address, in a fleet without a join token. */
  public Caller(PeerSecret secret, InetSocketAddress address, String zone) {
    this(secret, address, zone, Optional.empty(), "", Optional.empty());
  }

  /** Returns the same caller with an address of the other family, if its host has one. */
  public Caller takingFrom(Optional<InetAddress> address) {
    return new Caller(secret, this.address, zone, address, certificate, proof);
  }

  /** Returns the same caller with the fingerprint of the certificate that it shows to takers. */
  public Caller showing(String fingerprint) {
    return new Caller(secret, address, zone, other, fingerprint, proof);
  }

  /** Returns the same caller with a proof of the join token. */
  public Caller with(JoinProof joined) {
    return new Caller(secret, address, zone, other, certificate, Optional.of(joined));
  }

  /** Returns the same caller with another secret, and so with another name. */
  public Caller with(PeerSecret another) {
    return new Caller(another, address, zone, other, certificate, proof);
  }

  /** Returns the caller's public name. */
  public PeerId id() {
    return secret.id();
  }

  /** Returns the caller as others may know it. */
  public Peer peer() {
    return new Peer(id(), address, zone, certificate);
  }
}
