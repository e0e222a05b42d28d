package io.dragonfly.internal.transfer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/** Which of this machine's addresses reaches another machine. */
public final class LocalAddress {
  private LocalAddress() {}

  /**
   * Asks the system's routing table; nothing is sent. Where there is no way, or the name is not
   * known, it is the loopback address: then nobody else reaches this machine either.
   */
  public static InetAddress towards(InetSocketAddress other) {
    InetSocketAddress resolved =
        other.isUnresolved()
            ? new InetSocketAddress(other.getHostString(), other.getPort())
            : other;
    if (resolved.isUnresolved()) {
      return InetAddress.getLoopbackAddress();
    }
    try (DatagramSocket socket = new DatagramSocket()) {
      socket.connect(resolved);
      InetAddress local = socket.getLocalAddress();
      return local.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : local;
    } catch (IOException | UncheckedIOException e) {
      return InetAddress.getLoopbackAddress();
    }
  }
}
