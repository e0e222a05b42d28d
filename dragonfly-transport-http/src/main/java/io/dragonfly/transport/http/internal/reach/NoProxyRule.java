package io.dragonfly.transport.http.internal.reach;

import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Optional;

/**
 * One entry of NO_PROXY: {@code *}, a name that stands for itself and what is below it, an address,
 * or a network as {@code address/bits}.
 */
final class NoProxyRule {
  private final String pattern;

  NoProxyRule(String entry) {
    String text = entry.toLowerCase(Locale.ROOT);
    text = text.startsWith("[") ? text.replaceAll("[\\[\\]]", "") : text;
    pattern = text.replaceFirst("^\\.", "").replaceFirst("\\.$", "");
  }

  boolean matches(String host) {
    String name = host.toLowerCase(Locale.ROOT).replaceFirst("\\.$", "");
    if (pattern.equals("*") || name.equals(pattern)) {
      return true;
    }
    Optional<InetAddress> address = literal(name);
    return address.isPresent() ? isInside(address.get()) : name.endsWith("." + pattern);
  }

  private boolean isInside(InetAddress address) {
    int slash = pattern.indexOf('/');
    String base = slash < 0 ? pattern : pattern.substring(0, slash);
    Optional<InetAddress> network = literal(base);
    if (network.isEmpty()) {
      return false;
    }
    byte[] one = address.getAddress();
    byte[] other = network.get().getAddress();
    int all = other.length * 8;
    String length = slash < 0 ? Integer.toString(all) : pattern.substring(slash + 1);
    if (one.length != other.length || !length.matches("\\d{1,3}")) {
      return false;
    }
    int ignored = Math.max(0, all - Integer.parseInt(length));
    return new BigInteger(1, one)
        .shiftRight(ignored)
        .equals(new BigInteger(1, other).shiftRight(ignored));
  }

  // Only what is an address already: nothing is looked up here.
  private static Optional<InetAddress> literal(String text) {
    if (!text.contains(":") && !text.matches("\\d+\\.\\d+\\.\\d+\\.\\d+")) {
      return Optional.empty();
    }
    try {
      return Optional.of(InetAddress.getByName(text));
    } catch (UnknownHostException e) {
      return Optional.empty();
    }
  }
}
