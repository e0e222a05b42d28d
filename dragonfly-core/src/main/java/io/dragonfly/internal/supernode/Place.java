package io.dragonfly.internal.supernode;

import io.dragonfly.peer.PeerId;
import java.net.InetAddress;
import java.util.HexFormat;

/**
 * Where a peer is, as far as it matters who is behind it: a machine by its address, of IPv6 a
 * network, since one machine has as many addresses there as it likes. Peers on this machine are
 * each in a place of their own.
 *
 * @param name the same for all in one place
 */
record Place(String name) {
  private static final int NETWORK_BYTES = 8;

  static Place of(InetAddress address, PeerId peer) {
    if (address.isLoopbackAddress()) {
      return new Place(peer.hex());
    }
    byte[] bytes = address.getAddress();
    return new Place(
        HexFormat.of().formatHex(bytes, 0, bytes.length > 4 ? NETWORK_BYTES : bytes.length));
  }
}
