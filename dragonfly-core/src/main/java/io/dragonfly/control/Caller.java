package io.dragonfly.control;

import io.dragonfly.peer.Peer;
import io.dragonfly.peer.PeerId;
import io.dragonfly.peer.PeerSecret;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Optional;

/**
 * The peer that sends a request to a supernode, and the address at which it uploads pieces.
 *
 * @param secret proves that the caller is {@link #id}
 * @param address where it uploads pieces; port 0 if it does not upload
 * @param zone its zone; empty if none was given
 * @param other an address of the other family (IPv4 or IPv6), with which it downloads from parents
 *     of that family; nobody connects to it
 * @param certificate fingerprint of the certificate that it shows to its children; empty if it has
 *     none of its own
 * @param proof the proof of the join token, if there is one
 */
public record Caller(
    PeerSecret secret,
    InetSocketAddress address,
    String zone,
    Optional<InetAddress> other,
    String certificate,
    Optional<JoinProof> proof) {
  /** Creates a caller with one address, without a join token. */
  public Caller(PeerSecret secret, InetSocketAddress address, String zone) {
    this(secret, address, zone, Optional.empty(), "", Optional.empty());
  }

  /** Returns this caller with an address of the other family, if its host has one. */
  public Caller takingFrom(Optional<InetAddress> address) {
    return new Caller(secret, this.address, zone, address, certificate, proof);
  }

  /** Returns this caller with the fingerprint of the certificate that it shows to its children. */
  public Caller showing(String fingerprint) {
    return new Caller(secret, address, zone, other, fingerprint, proof);
  }

  /** Returns this caller with a proof of the join token. */
  public Caller with(JoinProof joined) {
    return new Caller(secret, address, zone, other, certificate, Optional.of(joined));
  }

  /** Returns this caller with another secret, and so another id. */
  public Caller with(PeerSecret another) {
    return new Caller(another, address, zone, other, certificate, proof);
  }

  /** Returns the public id. */
  public PeerId id() {
    return secret.id();
  }

  /** Returns the peer as others may know it. */
  public Peer peer() {
    return new Peer(id(), address, zone, certificate);
  }
}
