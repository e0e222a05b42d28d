package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.control.SecurityEvent;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.spi.Requester;
import io.dragonfly.transport.http.proxy.Upstream;
import java.net.InetAddress;
import java.util.Optional;

/**
 * Where a client's requests come in, which says a part of where they go.
 *
 * @param upstream the registry that is mirrored on this port alone, if one is
 * @param intercepted host and port that an intercepted tunnel leads to, if it is one
 * @param requester where the client is
 * @param from the client's address
 */
record RequestOrigin(
    Optional<Upstream> upstream,
    Optional<Authority> intercepted,
    Requester requester,
    InetAddress from) {
  private static final HostKey LOOPBACK = HostKey.of(InetAddress.getLoopbackAddress());

  RequestOrigin through(Authority tunnel) {
    return new RequestOrigin(upstream, Optional.of(tunnel), requester, from);
  }

  /** Returns the client's address, for people. */
  String client() {
    return SecurityEvent.text(from);
  }

  /** Returns where the client calls from, for budgets. */
  HostKey place() {
    return place(from);
  }

  /**
   * Returns the place of a client. All loopback addresses are one, for each user of this machine
   * has all of them.
   */
  static HostKey place(InetAddress client) {
    return client.isLoopbackAddress() ? LOOPBACK : HostKey.of(client);
  }
}
