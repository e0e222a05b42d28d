package io.dragonfly.transport.http.internal.reach;

import io.dragonfly.spi.HostRules;
import io.dragonfly.spi.Requester;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Which addresses are not read from on behalf of others: those that a client could not reach by
 * itself, or that mean something else here than where the request came from. The metadata services
 * of clouds and link-local addresses are read for nobody; this machine only for itself; private
 * networks only for clients in one.
 */
public final class AddressGuard {
  private static final Set<InetAddress> METADATA =
      Set.of(
          address("100.100.100.200"),
          address("168.63.129.16"),
          address("192.0.0.192"),
          address("fd00:ec2::254"),
          address("fd00:ec2::23"),
          address("fd00:42::42"),
          address("fd20:ce::254"));

  private static final Set<String> METADATA_NAMES =
      Set.of("metadata", "metadata.google.internal", "instance-data");

  private AddressGuard() {}

  /** A connection was not made because of where it leads. */
  public static final class RefusedException extends HostRules.RefusedException {
    private static final long serialVersionUID = 1L;

    /**
     * A refusal.
     *
     * @param place where it leads
     * @param rule what that is
     */
    public RefusedException(String place, String rule) {
      super(
          "%s is %s, which is not read for this client: fetch it without a supernode, or have the operator allow it with source-allow"
              .formatted(place, rule));
    }
  }

  /** Throws if the address must not be connected to for a requester. */
  public static void check(InetAddress address, Requester requester) throws RefusedException {
    Optional<String> rule = rule(address, requester);
    if (rule.isPresent()) {
      throw new RefusedException(address.getHostAddress(), rule.get());
    }
  }

  /**
   * Throws if a proxy must not be asked for this host. Its name is all that is known: the proxy
   * looks up the address.
   */
  public static void checkName(String host, Requester requester) throws RefusedException {
    if (requester == Requester.THIS_PROCESS) {
      return;
    }
    String name = host.toLowerCase(Locale.ROOT).replaceFirst("\\.$", "");
    boolean isLocalhost = name.equals("localhost") || name.endsWith(".localhost");
    if (METADATA_NAMES.contains(name) || (isLocalhost && requester != Requester.THIS_MACHINE)) {
      throw new RefusedException(host, "a name of the machine itself or its cloud");
    }
    if (isLiteral(name)) {
      try {
        check(InetAddress.getByName(name), requester);
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

  private static Optional<String> rule(InetAddress address, Requester requester) {
    if (requester == Requester.THIS_PROCESS) {
      return Optional.empty();
    }
    if (METADATA.contains(address)) {
      return Optional.of("a metadata service");
    }
    if (address.isLoopbackAddress()) {
      return requester == Requester.THIS_MACHINE
          ? Optional.empty()
          : Optional.of("a loopback address");
    }
    if (requester == Requester.PUBLIC_NETWORK && Requester.isPrivate(address)) {
      return Optional.of("a private address");
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
    return embedded(bytes).stream().flatMap(v4 -> rule(v4, requester).stream()).findFirst();
  }

  /** Returns the IPv4 addresses that an IPv6 address may lead to. */
  private static List<InetAddress> embedded(byte[] bytes) {
    if (startsWith(bytes, 0x20, 0x02)) { // 6to4
      return List.of(address(bytes, 2, 3, 4, 5));
    }
    if (startsWith(bytes, 0, 0x64, 0xff, 0x9b, 0, 1)) { // NAT64 of a local network, either form
      return List.of(address(bytes, 6, 7, 9, 10), address(bytes, 12, 13, 14, 15));
    }
    if (startsWith(bytes, 0x20, 0x01, 0, 0)) { // Teredo: the server, and the client inverted
      return List.of(address(bytes, 4, 5, 6, 7), address(inverted(bytes), 12, 13, 14, 15));
    }
    if (bytes[9] == 0 && bytes[10] == 0x5e && (bytes[11] & 0xff) == 0xfe) { // ISATAP
      return List.of(address(bytes, 12, 13, 14, 15));
    }
    boolean hasAddressAtTheEnd =
        startsWith(bytes, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) // compatible, ::a.b.c.d
            || startsWith(bytes, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff) // mapped
            || startsWith(bytes, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0) // translated
            || startsWith(bytes, 0, 0x64, 0xff, 0x9b, 0, 0); // NAT64, well known
    return hasAddressAtTheEnd ? List.of(address(bytes, 12, 13, 14, 15)) : List.of();
  }

  private static byte[] inverted(byte[] bytes) {
    byte[] inverted = new byte[bytes.length];
    for (int i = 0; i < bytes.length; i++) {
      inverted[i] = (byte) ~bytes[i];
    }
    return inverted;
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
