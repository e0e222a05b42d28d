package io.dragonfly.examples.command;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Addresses, ports and paths as people write them. No name is looked up to read them. */
public final class Addresses {
  /** Where a supernode listens unless it is told otherwise. */
  public static final int SUPERNODE_PORT = 8002;

  private static final Pattern NODE =
      Pattern.compile("(?:\\[([^\\]]+)]|([^\\[\\]:=\\s]+))(?::(\\d+))?(?:=(\\d+))?");

  private static final Pattern IP4 =
      Pattern.compile("(?:(?:25[0-5]|2[0-4]\\d|1?\\d?\\d)(?:\\.(?!$)|$)){4}");

  private static final Pattern LIKE_IP4 = Pattern.compile("[\\d.]+");
  private static final Pattern LIKE_IP6 =
      Pattern.compile("[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(?:%\\S+)?");
  private static final Pattern NAME =
      Pattern.compile("[\\p{L}\\p{N}_](?:[\\p{L}\\p{N}._-]{0,252})");

  private Addresses() {}

  /**
   * A supernode.
   *
   * @param host a name or an address, without brackets
   * @param port where it listens
   * @param weight Dragonfly 1's share of the peers
   */
  public record Node(String host, int port, int weight) {
    /** Returns where to connect to; it is not resolved if the name is not known. */
    public InetSocketAddress address() {
      return new InetSocketAddress(host, port);
    }
  }

  /**
   * Reads {@code host}, {@code host:port}, {@code [v6]:port} or {@code v6}, each with {@code
   * =weight} or without.
   */
  public static Node parseNode(String text) {
    String trimmed = text.trim();
    Optional<InetAddress> plain = parseIp6(trimmed);
    if (plain.isPresent()) {
      return withoutZone(new Node(trimmed, SUPERNODE_PORT, 1));
    }
    Matcher matcher = NODE.matcher(trimmed);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "'%s' is no address, write HOST:PORT or [IPV6]:PORT".formatted(text));
    }
    String host = matcher.group(1) != null ? matcher.group(1) : matcher.group(2);
    boolean valid =
        matcher.group(1) != null
            ? parseIp6(host).isPresent()
            : LIKE_IP4.matcher(host).matches()
                ? IP4.matcher(host).matches()
                : NAME.matcher(host).matches();
    if (!valid) {
      throw new IllegalArgumentException("'%s' is neither a name nor an address".formatted(host));
    }
    int port = matcher.group(3) == null ? SUPERNODE_PORT : parsePort(matcher.group(3));
    if (port == 0) {
      throw new IllegalArgumentException("the port of '%s' must be 1 to 65535".formatted(text));
    }
    int weight = matcher.group(4) == null ? 1 : parseWeight(matcher.group(4));
    return withoutZone(new Node(host, port, weight));
  }

  private static int parseWeight(String digits) {
    if (digits.length() > 6 || Integer.parseInt(digits) == 0) {
      throw new IllegalArgumentException("the weight %s is not 1 to 999999".formatted(digits));
    }
    return Integer.parseInt(digits);
  }

  /**
   * Returns where a client's supernodes are, each once.
   *
   * @throws IllegalArgumentException if they have different weights: all peers of a file must ask
   *     the same supernode, so shares of the peers would cost the source more copies
   */
  public static List<InetSocketAddress> inOrder(List<Node> nodes) {
    if (nodes.stream().map(Node::weight).distinct().count() > 1) {
      throw new IllegalArgumentException(
          "--node has different weights, which are not supported: each file has one supernode that"
              + " all its peers ask first");
    }
    List<InetSocketAddress> addresses = new ArrayList<>();
    nodes.stream().map(Node::address).distinct().forEach(addresses::add);
    return addresses;
  }

  /** Reads an address of this or another machine; names are none. */
  public static InetAddress parseIp(String text) {
    String trimmed = text.trim();
    if (IP4.matcher(trimmed).matches()) {
      return literal(trimmed).orElseThrow();
    }
    boolean brackets = trimmed.startsWith("[") && trimmed.endsWith("]");
    return parseIp6(brackets ? trimmed.substring(1, trimmed.length() - 1) : trimmed)
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "'%s' is no IP address, write one such as 192.0.2.10 or 2001:db8::10"
                        .formatted(text)));
  }

  /** What a zone means differs between machines, so no other one can be told such an address. */
  private static Node withoutZone(Node node) {
    if (node.host().indexOf('%') >= 0) {
      throw new IllegalArgumentException(
          "'%s' has a zone, which means nothing on other machines: give an address without one"
              .formatted(node.host()));
    }
    return node;
  }

  private static Optional<InetAddress> parseIp6(String text) {
    return LIKE_IP6.matcher(text).matches() ? literal("[" + text + "]") : Optional.empty();
  }

  /** What looks like an address is not looked up as a name. */
  private static Optional<InetAddress> literal(String text) {
    try {
      return Optional.of(InetAddress.getByName(text));
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }

  /** Returns an address as people and URLs write it: 192.0.2.10:8002, [2001:db8::10]:8002. */
  public static String text(InetSocketAddress address) {
    return InetAddresses.toUriString(address.getAddress()) + ":" + address.getPort();
  }

  /** Reads a port; 0 is one that the system chooses. */
  public static int parsePort(String text) {
    String trimmed = text.trim();
    if (!trimmed.matches("\\d{1,5}") || Integer.parseInt(trimmed) > 65535) {
      throw new IllegalArgumentException("'%s' is no port, must be 0 to 65535".formatted(text));
    }
    return Integer.parseInt(trimmed);
  }

  /** Reads an address for picocli. */
  public static final class IpConverter extends Units.Converter<InetAddress> {
    /** The converter. */
    public IpConverter() {
      super(Addresses::parseIp);
    }
  }

  /** Reads a port for picocli. */
  public static final class PortConverter extends Units.Converter<Integer> {
    /** The converter. */
    public PortConverter() {
      super(Addresses::parsePort);
    }
  }

  /** Reads a supernode for picocli. */
  public static final class NodeConverter extends Units.Converter<Node> {
    /** The converter. */
    public NodeConverter() {
      super(Addresses::parseNode);
    }
  }
}
