package io.dragonfly.peer;

import java.net.InetSocketAddress;
import java.util.regex.Pattern;

/**
 * A peer or supernode that serves pieces, and where.
 *
 * @param id its public name
 * @param address where it serves pieces; always resolved; port 0 where it serves inside its own
 *     process alone
 * @param zone its zone; empty if it does not say
 * @param certificate the fingerprint of the certificate that it shows to those who take pieces,
 *     {@code sha256:} and 64 hexadecimal digits; empty if it gives them in plain, or is known by
 *     who has signed its certificate
 */
public record Peer(PeerId id, InetSocketAddress address, String zone, String certificate) {
  private static final Pattern CERTIFICATE = Pattern.compile("(sha256:[0-9a-f]{64})?");

  /**
   * Checks the fingerprint.
   *
   * @throws IllegalArgumentException if it has another form; the message does not repeat it
   */
  public Peer {
    if (!CERTIFICATE.matcher(certificate).matches()) {
      throw new IllegalArgumentException(
          "certificate is no fingerprint: sha256: and 64 hexadecimal digits in lower case");
    }
  }

  /** A peer that shows no certificate of its own. */
  public Peer(PeerId id, InetSocketAddress address, String zone) {
    this(id, address, zone, "");
  }

  /** Tells whether both are in one zone. Peers that do not say are in one of their own. */
  public boolean isNear(Peer other) {
    return zone.equals(other.zone);
  }

  /** Tells whether others can take pieces over the network. */
  public boolean isReachable() {
    return address.getPort() != 0;
  }
}
