package io.dragonfly.transport.http.internal.proxy;

import io.dragonfly.internal.queue.Place;
import io.dragonfly.transport.http.proxy.Upstream;
import java.util.Optional;

/**
 * Where a client's requests come in, which says a part of where they go.
 *
 * @param upstream the registry that is mirrored on this port alone, if one is
 * @param intercepted host and port that an intercepted tunnel leads to, if it is one
 * @param local whether the client is on this machine
 * @param place where the client calls from
 */
record Arrival(
    Optional<Upstream> upstream, Optional<Authority> intercepted, boolean local, Place place) {
  Arrival through(Authority tunnel) {
    return new Arrival(upstream, Optional.of(tunnel), local, place);
  }
}
