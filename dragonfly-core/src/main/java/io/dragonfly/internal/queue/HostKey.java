package io.dragonfly.internal.queue;

import io.dragonfly.peer.PeerId;
import java.net.Inet6Address;
import java.net.InetAddress;

/**
 * Where a peer is, as far as it matters who is behind it: a machine by its address, of IPv6 a /64,
 * since one machine has as many addresses there as it likes. All limits for each client address
 * count by this. Peers on this machine are each in a place of their own.
 *
 * @param name the same for all in one place
 */
public record HostKey(String name) {
  /** How many of the eight groups of an IPv6 address make a /64. */
  private static final int GROUPS = 4;

  /** What a place is known by. */
  public enum Family {
    /** An IPv4 address. */
    IP4,
    /** A network of IPv6. */
    IP6,
    /** Itself: a peer on this machine. */
    NONE
  }

  /** Returns what the place is known by: one machine may have a place of each family. */
  public Family family() {
    if (name.indexOf(':') >= 0) {
      return Family.IP6;
    }
    return name.indexOf('.') >= 0 ? Family.IP4 : Family.NONE;
  }

  /** Returns the place of a client by the address that its connection comes from. */
  public static HostKey of(InetAddress address) {
    String text = address.getHostAddress();
    return new HostKey(address instanceof Inet6Address ? network(text) : text);
  }

  /** Java writes all eight groups: {@code 2001:db8:0:0:0:0:0:1}. */
  private static String network(String address) {
    int end = -1;
    for (int group = 0; group < GROUPS; group++) {
      end = address.indexOf(':', end + 1);
    }
    return address.substring(0, end) + "::/64";
  }

  /** Returns the place of a peer by the address that it calls from. */
  public static HostKey of(InetAddress address, PeerId peer) {
    return address.isLoopbackAddress() ? new HostKey(peer.hex()) : of(address);
  }
}
