/**
 * The settings of a {@link io.dragonfly.transport.http.ContainerProxy} and what it tells of itself:
 * values, without any behaviour of the proxy.
 */
@NullMarked
package io.dragonfly.transport.http.proxy;

import org.jspecify.annotations.NullMarked;
