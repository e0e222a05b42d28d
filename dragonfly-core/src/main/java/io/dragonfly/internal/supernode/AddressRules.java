package io.dragonfly.internal.supernode;

import io.dragonfly.control.Caller;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.spi.Network;
import java.net.InetAddress;
import java.util.List;

/**
 * Which addresses peers may register: the one that they come from; any loopback address if they
 * come from one; any in networks that the operator trusts, if they have proved that they belong to
 * the fleet.
 *
 * @param trusted the networks
 */
record AddressRules(List<Network> trusted) {
  /**
   * Checks a caller.
   *
   * @param from where the call came from
   * @param isProven whether the caller has proved the join token or a certificate
   * @throws CallRefusedException if the caller must not register the address that it says
   */
  void check(InetAddress from, Caller caller, boolean isProven) {
    InetAddress claimed = caller.address().getAddress();
    if (claimed == null || claimed.isAnyLocalAddress() || claimed.isMulticastAddress()) {
      throw new CallRefusedException(
          "%s is not the address of a peer. Set the address that this peer is reached at."
              .formatted(caller.address()));
    }
    if (claimed.equals(from) || (claimed.isLoopbackAddress() && from.isLoopbackAddress())) {
      return;
    }
    boolean isTrusted = trusted.stream().anyMatch(network -> network.contains(claimed));
    if (isTrusted && !isProven) {
      throw new CallRefusedException(
          "A peer that comes from %s must not register %s before it has proved that it belongs to the"
              .formatted(from.getHostAddress(), claimed.getHostAddress())
              .concat(
                  " fleet, although --peer-network has that address: give supernode and peer a"
                      + " join token (--join-token-file) or client certificates (--tls-ca)."));
    }
    if (!isTrusted) {
      throw new CallRefusedException(
          "A peer that comes from %s must not register %s. Set its ip to the former, or name the"
              .formatted(from.getHostAddress(), claimed.getHostAddress())
              .concat(" network of the latter in the supernode's settings."));
    }
  }
}
