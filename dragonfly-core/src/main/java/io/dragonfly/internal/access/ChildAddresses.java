package io.dragonfly.internal.access;

import java.net.InetAddress;
import java.util.Optional;

/**
 * The addresses that one peer takes from. A capability is made for the one that the peer uses
 * towards the parent, so a host with IPv4 and IPv6 takes from parents of either.
 *
 * @param own the address that the peer registers
 * @param other one of the other family, IPv4 or IPv6; empty if its host has none
 */
public record ChildAddresses(InetAddress own, Optional<InetAddress> other) {
  /** Returns the address to take from a parent; {@link #own} if none is of its family. */
  public InetAddress towards(InetAddress parent) {
    return isSameFamily(own, parent)
        ? own
        : other.filter(address -> isSameFamily(address, parent)).orElse(own);
  }

  /** Tells whether one of the addresses is of the family of a parent's. */
  public boolean reach(InetAddress parent) {
    return isSameFamily(towards(parent), parent);
  }

  /** Tells whether both addresses are IPv4 or both are IPv6. */
  public static boolean isSameFamily(InetAddress one, InetAddress two) {
    return one.getAddress().length == two.getAddress().length;
  }
}
