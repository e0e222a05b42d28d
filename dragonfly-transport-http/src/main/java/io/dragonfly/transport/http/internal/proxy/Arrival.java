package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.spi.Requester;
import io.dragonfly.transport.http.proxy.Upstream;
import java.util.Optional;

/**
 * Where a client's requests come in, which says a part of where they go.
 *
 * @param upstream the registry that is mirrored on this port alone, if one is
 * @param intercepted host and port that an intercepted tunnel leads to, if it is one
 * @param requester where the client is
 * @param client the client's address, for people
 */
record Arrival(
    Optional<Upstream> upstream,
    Optional<Authority> intercepted,
    Requester requester,
    String client) {
  /** One of which nobody asks for the client's address. */
  Arrival(Optional<Upstream> upstream, Optional<Authority> intercepted, Requester requester) {
    this(upstream, intercepted, requester, "");
  }

  Arrival through(Authority tunnel) {
    return new Arrival(upstream, Optional.of(tunnel), requester, client);
  }
}
