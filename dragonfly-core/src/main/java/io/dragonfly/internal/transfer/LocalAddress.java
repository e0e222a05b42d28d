package io.dragonfly.internal.transfer;

import io.dragonfly.internal.access.ChildAddresses;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Optional;
import java.util.stream.Stream;

/** Which of this machine's addresses reaches another machine. */
public final class LocalAddress {
  private LocalAddress() {}

  /**
   * Asks the system's routing table; nothing is sent. Where there is no way, or the name is not
   * known, it is the loopback address: then nobody else reaches this machine either.
   */
  public static InetAddress towards(InetSocketAddress other) {
    InetSocketAddress resolved =
        other.isUnresolved()
            ? new InetSocketAddress(other.getHostString(), other.getPort())
            : other;
    if (resolved.isUnresolved()) {
      return InetAddress.getLoopbackAddress();
    }
    return route(resolved)
        .filter(local -> !local.isAnyLocalAddress())
        .orElseGet(InetAddress::getLoopbackAddress);
  }

  private static Optional<InetAddress> route(InetSocketAddress other) {
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(other);
      return Optional.of(socket.getLocalAddress());
    } catch (IOException | UncheckedIOException e) {
      return Optional.empty();
    }
  }

  /**
   * Returns an address of the same machine that this one has a route to. Java names the IPv4
   * addresses of a name first, also on a machine that has IPv6 alone. The address as it is if it
   * has a route, is not known, or no other one has a route.
   */
  public static InetSocketAddress reachable(InetSocketAddress other) {
    if (other.isUnresolved() || route(other).isPresent()) {
      return other;
    }
    try {
      return Stream.of(InetAddress.getAllByName(other.getHostString()))
          .map(address -> new InetSocketAddress(address, other.getPort()))
          .filter(address -> route(address).isPresent())
          .findFirst()
          .orElse(other);
    } catch (UnknownHostException e) {
      return other;
    }
  }

  /**
   * Returns an address of the other family, IPv4 or IPv6, on the network interface that has an
   * address; empty if that has none which others can be reached from.
   */
  public static Optional<InetAddress> ofOtherFamily(InetAddress own) {
    try {
      NetworkInterface of = NetworkInterface.getByInetAddress(own);
      return of == null
          ? Optional.empty()
          : of.inetAddresses()
              .filter(address -> !address.isLinkLocalAddress())
              .filter(address -> !ChildAddresses.isSameFamily(address, own))
              .findFirst();
    } catch (SocketException e) {
      return Optional.empty();
    }
  }
}
