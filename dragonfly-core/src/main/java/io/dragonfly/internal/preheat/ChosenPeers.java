package io.dragonfly.internal.preheat;

import com.google.common.net.InetAddresses;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.peer.Peer;
import java.net.InetAddress;
import java.util.List;
import java.util.function.Predicate;

/** Which peers somebody means by their names. Immutable. */
final class ChosenPeers implements Predicate<Peer> {
  private static final String ALL = "all";
  private static final String ZONE = "zone:";
  private static final String ID = "[0-9a-f]{8,32}";
  private static final int MOST = 1000;

  private final List<String> names;

  /**
   * The peers of these names.
   *
   * @throws IllegalArgumentException if one is neither all, zone:NAME, an IP address nor a peer's
   *     id
   */
  ChosenPeers(List<String> names) {
    this.names = List.copyOf(names);
    if (names.size() > MOST) {
      throw new IllegalArgumentException("at most %d peers can be named".formatted(MOST));
    }
    for (String name : names) {
      boolean isKnown =
          name.equals(ALL)
              || (name.startsWith(ZONE) && name.length() > ZONE.length())
              || InetAddresses.isInetAddress(name)
              || name.matches(ID);
      if (!isKnown) {
        throw new IllegalArgumentException(
            "'%s' names no peers: use all, zone:NAME, an IP address, or 8 digits or more of an id"
                .formatted(name));
      }
    }
  }

  /**
   * Checks that each name means somebody; all are who is there, and that may be nobody.
   *
   * @param willing the peers that would fetch something
   * @throws CallRefusedException if a name means none of them
   */
  void checkAnyOf(List<Peer> willing) {
    for (String name : names) {
      if (!name.equals(ALL) && willing.stream().noneMatch(peer -> isMeant(name, peer))) {
        throw new CallRefusedException(
            "There is no such peer: '%s' means none of the %d that are known here and were started with --allow-preheat."
                .formatted(name, willing.size()));
      }
    }
  }

  boolean isEmpty() {
    return names.isEmpty();
  }

  @Override
  public boolean test(Peer peer) {
    return names.stream().anyMatch(name -> isMeant(name, peer));
  }

  private static boolean isMeant(String name, Peer peer) {
    if (name.equals(ALL)) {
      return true;
    }
    if (name.startsWith(ZONE)) {
      return peer.zone().equals(name.substring(ZONE.length()));
    }
    if (name.matches(ID) && peer.id().hex().startsWith(name)) {
      return true;
    }
    InetAddress address = peer.address().getAddress();
    return InetAddresses.isInetAddress(name) && InetAddresses.forString(name).equals(address);
  }
}
