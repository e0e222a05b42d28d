/**
 * The proxy for container engines: a mirror of registries and an HTTP proxy on one port. A {@code
 * ProxyConnection} reads requests on an event loop; each is worked on by an {@code ProxyExchange}
 * on a thread of its own, which asks the swarm ({@code SwarmUpstream}) or where the URL says
 * ({@code PlainWay}). It decides which way a request takes and with whose credentials; who gives
 * which piece is decided elsewhere.
 */
@NullMarked
package io.dragonfly.transport.http.internal.proxy;

import org.jspecify.annotations.NullMarked;
