package io.dragonfly.spi;

import java.net.InetAddress;
import java.util.List;
import java.util.stream.Stream;

/**
 * Tells for whom a source is read, by the address that the request came from. A supernode must not
 * read a source for a client that could not reach it by itself. Each constant may reach all that
 * the following ones may reach.
 */
public enum Requester {
  /** The process itself: no address is refused. */
  THIS_PROCESS,
  /** Another process of this machine: its loopback services and private networks are read. */
  THIS_MACHINE,
  /** A client with a private address: private networks are read. */
  PRIVATE_NETWORK,
  /** Any other client: only public addresses are read. */
  PUBLIC_NETWORK;

  /** RFC 1918, RFC 6598 (shared by a provider's customers), RFC 4193 and its predecessor. */
  private static final List<Network> PRIVATE =
      Stream.of(
              "10.0.0.0/8",
              "172.16.0.0/12",
              "192.168.0.0/16",
              "100.64.0.0/10",
              "fc00::/7",
              "fec0::/10")
          .map(Network::parse)
          .toList();

  /** Returns the requester that calls from an address. */
  public static Requester at(InetAddress client) {
    if (client.isLoopbackAddress()) {
      return THIS_MACHINE;
    }
    return client.isLinkLocalAddress() || isPrivate(client) ? PRIVATE_NETWORK : PUBLIC_NETWORK;
  }

  /** Tells whether an address belongs to a private network. */
  public static boolean isPrivate(InetAddress address) {
    return PRIVATE.stream().anyMatch(network -> network.contains(address));
  }
}
