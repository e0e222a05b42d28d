package io.dragonfly.spi;

import com.google.common.net.InetAddresses;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Which hosts may be read on behalf of other machines, as the operator says. Each entry is a
 * network such as {@code 10.0.0.0/8}, an address, or a pattern of host names: a name, {@code
 * *.domain} for all names below it, or {@code *} for all. Names are held against patterns,
 * addresses against networks; what is allowed is not denied. Immutable.
 */
public final class HostRules {
  private static final Pattern NAME =
      Pattern.compile("(?:\\*|(?:\\*\\.)?[a-z0-9_](?:[a-z0-9._-]*))");

  private final Entries allowed;
  private final Entries denied;

  private HostRules(Entries allowed, Entries denied) {
    this.allowed = allowed;
    this.denied = denied;
  }

  /** What the rules say. */
  public enum Verdict {
    /** It may be read, wherever it is. */
    ALLOWED,
    /** It may not. */
    DENIED,
    /** Nothing: what holds for all holds. */
    UNSAID
  }

  /**
   * A source is not read for a requester because of where it is. Sources throw it, or have it among
   * the causes of what they throw.
   */
  public static class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;

    /** Says which host or address, and which rule. */
    public RefusedException(String message) {
      super(message);
    }
  }

  /** Rules that say nothing. */
  public static HostRules none() {
    return of(List.of(), List.of());
  }

  /**
   * Reads rules.
   *
   * @throws IllegalArgumentException if an entry is neither a network nor a pattern of host names
   */
  public static HostRules of(List<String> allow, List<String> deny) {
    return new HostRules(Entries.of(allow), Entries.of(deny));
  }

  /** Returns what is said about a host's name. */
  public Verdict ofName(String host) {
    String lower = host.toLowerCase(Locale.ROOT);
    String name = lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower;
    return verdict(allowed.hasName(name), denied.hasName(name));
  }

  /** Returns what is said about an address. */
  public Verdict ofAddress(InetAddress address) {
    return verdict(allowed.hasAddress(address), denied.hasAddress(address));
  }

  private static Verdict verdict(boolean isAllowed, boolean isDenied) {
    if (isAllowed) {
      return Verdict.ALLOWED;
    }
    return isDenied ? Verdict.DENIED : Verdict.UNSAID;
  }

  /** Returns which sources are read for other machines, in words for a log. */
  @Override
  public String toString() {
    String rules = "source-allow: %s, source-deny: %s".formatted(allowed, denied);
    if (!denied.hasAllNames()) {
      return "sources in private networks are read for all clients with a private address, and for"
          + " no others; "
          + rules;
    }
    return allowed.isEmpty()
        ? "no source is read at all: source-deny is *, and source-allow names none"
        : "only the sources that source-allow names are read; " + rules;
  }

  /** The networks and the patterns of one list. */
  private record Entries(List<Network> networks, List<String> patterns) {
    static Entries of(List<String> texts) {
      List<Network> networks = new ArrayList<>();
      List<String> patterns = new ArrayList<>();
      for (String text : texts) {
        String entry = text.trim().toLowerCase(Locale.ROOT);
        if (InetAddresses.isInetAddress(entry.replaceFirst("/.*", ""))) {
          networks.add(Network.parse(entry));
        } else if (NAME.matcher(entry).matches()) {
          patterns.add(entry);
        } else {
          throw new IllegalArgumentException(
              ("'%s' is neither a network such as 10.0.0.0/8 nor a pattern of host names such as"
                      + " *.example.com")
                  .formatted(text));
        }
      }
      return new Entries(List.copyOf(networks), List.copyOf(patterns));
    }

    boolean hasName(String name) {
      return patterns.stream().anyMatch(pattern -> matches(pattern, name));
    }

    private static boolean matches(String pattern, String name) {
      return pattern.startsWith("*") ? name.endsWith(pattern.substring(1)) : name.equals(pattern);
    }

    boolean hasAllNames() {
      return patterns.contains("*");
    }

    boolean isEmpty() {
      return networks.isEmpty() && patterns.isEmpty();
    }

    boolean hasAddress(InetAddress address) {
      return networks.stream().anyMatch(network -> network.contains(address));
    }

    @Override
    public String toString() {
      List<String> all = new ArrayList<>(patterns);
      networks.forEach(
          network -> all.add(network.base().getHostAddress() + "/" + network.prefix()));
      return all.isEmpty() ? "nothing" : String.join(", ", all);
    }
  }
}
