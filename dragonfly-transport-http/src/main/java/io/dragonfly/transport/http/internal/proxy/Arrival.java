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
 */
record Arrival(Optional<Upstream> upstream, Optional<Authority> intercepted, Requester requester) {
  Arrival through(Authority tunnel) {
    return new Arrival(upstream, Optional.of(tunnel), requester);
  }
}
