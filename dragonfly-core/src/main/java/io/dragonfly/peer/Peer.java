package io.dragonfly.peer;

import java.net.InetSocketAddress;

/**
 * A peer or supernode that serves pieces, and where.
 *
 * @param id its public name
 * @param address where it serves pieces; always resolved; port 0 where it serves inside its own
 *     process alone
 * @param idc its data centre; empty if it does not say
 */
public record Peer(PeerId id, InetSocketAddress address, String idc) {
  /** Tells whether both are in one data centre. Peers that do not say are in one of their own. */
  public boolean isNear(Peer other) {
    return idc.equals(other.idc);
  }

  /** Tells whether others can take pieces over the network. */
  public boolean isReachable() {
    return address.getPort() != 0;
  }
}
