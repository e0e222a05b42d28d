package io.dragonfly.transport.http.internal.proxy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Where this proxy listens, so that it never asks itself. Safe for concurrent use. */
final class OwnAddresses {
  private final Set<InetSocketAddress> listening = ConcurrentHashMap.newKeySet();

  void add(InetSocketAddress address) {
    listening.add(address);
  }

  /** Tells whether a connection to there would reach this proxy. */
  boolean contains(InetSocketAddress address) {
    return listening.stream()
        .filter(own -> own.getPort() == address.getPort())
        .anyMatch(own -> reaches(own.getAddress(), address.getAddress()));
  }

  /** Tells whether a host has an address of this proxy. Looks it up only if the port is ours. */
  boolean contains(String host, int port) {
    if (listening.stream().noneMatch(own -> own.getPort() == port)) {
      return false;
    }
    try {
      return Arrays.stream(InetAddress.getAllByName(host))
          .anyMatch(address -> contains(new InetSocketAddress(address, port)));
    } catch (UnknownHostException e) {
      return false; // who asks it will be told
    }
  }

  private static boolean reaches(InetAddress own, InetAddress other) {
    if (own.equals(other) || other.isAnyLocalAddress()) {
      return true;
    }
    return own.isAnyLocalAddress() && isOfThisMachine(other);
  }

  private static boolean isOfThisMachine(InetAddress address) {
    try {
      return address.isLoopbackAddress() || NetworkInterface.getByInetAddress(address) != null;
    } catch (SocketException e) {
      return false;
    }
  }
}
