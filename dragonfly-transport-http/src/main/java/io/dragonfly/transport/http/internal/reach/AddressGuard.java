package io.dragonfly.transport.http.internal.reach;

import io.netty.util.NetUtil;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which addresses are not read from on behalf of another machine: those that mean something else
 * here than where the request came from. That is this machine itself, its link, and the metadata
 * service of the cloud that it runs in.
 */
public final class AddressGuard {
  private static final Set<InetAddress> METADATA =
      Set.of(
          address("100.100.100.200"),
          address("168.63.129.16"),
          address("192.0.0.192"),
          address("fd00:ec2::254"),
          address("fd20:ce::254"));

  private static final Set<String> LOCAL_NAMES =
      Set.of("localhost", "metadata", "metadata.google.internal", "instance-data");

  private AddressGuard() {}

  /** A connection was not made because of where it leads. */
  public static final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    /**
     * A refusal.
     *
     * @param place where it leads
     * @param rule what that is
     */
    public RefusedException(String place, String rule) {
      super(
          "%s is %s, which is not read on behalf of another machine: fetch it on that machine"
              .formatted(place, rule));
    }
  }

  /** Throws if the address must not be connected to. */
  public static void check(InetAddress address) throws RefusedException {
    Optional<String> rule = rule(address);
    if (rule.isPresent()) {
      throw new RefusedException(address.getHostAddress(), rule.get());
    }
  }

  /**
   * Throws if a proxy must not be asked for this host. Its name is all that is known: the proxy
   * looks up the address.
   */
  public static void checkName(String host) throws RefusedException {
    String name = host.toLowerCase(Locale.ROOT).replaceFirst("\\.$", "");
    if (LOCAL_NAMES.contains(name) || name.endsWith(".localhost")) {
      throw new RefusedException(host, "a name of the machine itself or its cloud");
    }
    if (isLiteral(name)) {
      try {
        check(InetAddress.getByName(name));
      } catch (UnknownHostException e) {
        throw new RefusedException(host, "no valid address");
      }
    }
  }

  /** Returns the address that a host is in plain spelling; empty for a name. */
  static Optional<InetAddress> literal(String host) {
    byte[] bytes = NetUtil.createByteArrayFromIpAddressString(host);
    try {
      return bytes == null ? Optional.empty() : Optional.of(InetAddress.getByAddress(bytes));
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }

  /** Returns the IPv4 addresses that an address leads to, if it is another way to write them. */
  static Stream<InetAddress> leadsTo(InetAddress address) {
    byte[] bytes = address.getAddress();
    return bytes.length == 4 ? Stream.empty() : embedded(bytes).stream();
  }

  // A last part that is a number makes an address of a name, in one of many spellings.
  private static boolean isLiteral(String name) {
    String last = name.substring(name.lastIndexOf('.') + 1);
    return name.contains(":") || last.matches("\\d+|0x[0-9a-f]*");
  }

  private static Optional<String> rule(InetAddress address) {
    if (METADATA.contains(address)) {
      return Optional.of("a metadata service");
    }
    if (address.isLoopbackAddress()) {
      return Optional.of("a loopback address");
    }
    if (address.isLinkLocalAddress()) {
      return Optional.of("a link-local address");
    }
    if (address.isAnyLocalAddress() || address.isMulticastAddress()) {
      return Optional.of("no address of one machine");
    }
    byte[] bytes = address.getAddress();
    if (bytes.length == 4) {
      boolean special = bytes[0] == 0 || (bytes[0] & 0xf0) == 0xf0;
      return special ? Optional.of("no address of one machine") : Optional.empty();
    }
    return embedded(bytes).stream().flatMap(v4 -> rule(v4).stream()).findFirst();
  }

  /** Returns the IPv4 addresses that an IPv6 address may lead to. */
  private static List<InetAddress> embedded(byte[] bytes) {
    if (startsWith(bytes, 0x20, 0x02)) { // 6to4
      return List.of(address(bytes, 2, 3, 4, 5));
    }
    if (startsWith(bytes, 0, 0x64, 0xff, 0x9b, 0, 1)) { // NAT64 of a local network, either form
      return List.of(address(bytes, 6, 7, 9, 10), address(bytes, 12, 13, 14, 15));
    }
    boolean hasAddressAtTheEnd =
        startsWith(bytes, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) // compatible, ::a.b.c.d
            || startsWith(bytes, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff) // mapped
            || startsWith(bytes, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0) // translated
            || startsWith(bytes, 0, 0x64, 0xff, 0x9b, 0, 0); // NAT64, well known
    return hasAddressAtTheEnd ? List.of(address(bytes, 12, 13, 14, 15)) : List.of();
  }

  private static boolean startsWith(byte[] bytes, int... start) {
    for (int i = 0; i < start.length; i++) {
      if ((bytes[i] & 0xff) != start[i]) {
        return false;
      }
    }
    return true;
  }

  private static InetAddress address(byte[] from, int... positions) {
    byte[] bytes = new byte[positions.length];
    for (int i = 0; i < positions.length; i++) {
      bytes[i] = from[positions[i]];
    }
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static InetAddress address(String literal) {
    try {
      return InetAddress.getByName(literal);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(e);
    }
  }
}
