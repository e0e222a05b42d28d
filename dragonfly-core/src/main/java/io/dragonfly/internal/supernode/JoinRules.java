package io.dragonfly.internal.supernode;

import io.dragonfly.internal.access.JoinToken;
import io.dragonfly.spi.Network;
import java.util.List;
import java.util.Optional;

/**
 * Which peers of other processes may join a supernode, as its operator has set it.
 *
 * @param token what every peer must prove to have, if anything
 * @param certificates whether every peer must prove a certificate
 * @param networks networks in which peers may register any address
 */
public record JoinRules(Optional<JoinToken> token, boolean certificates, List<Network> networks) {
  /** Everybody who reaches the supernode may join, with the address that he comes from. */
  public static final JoinRules OPEN = new JoinRules(Optional.empty(), false, List.of());

  /** Copies the list. */
  public JoinRules {
    networks = List.copyOf(networks);
  }

  /** Tells whether peers prove that they belong to the fleet. */
  public boolean knowPeers() {
    return token.isPresent() || certificates;
  }

  @Override
  public String toString() {
    String who =
        token.isPresent()
            ? "peers that have the join token"
            : certificates ? "peers with a client certificate" : "everybody who reaches the port";
    return who + (token.isPresent() && certificates ? " and a client certificate" : "");
  }
}
