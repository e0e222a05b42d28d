/**
 * How a host that is no peer is reached: through which proxy, with which certificates trusted, and
 * at which addresses not at all. What is asked there is the business of the packages source and
 * proxy.
 */
@NullMarked
package io.dragonfly.transport.http.internal.reach;

import org.jspecify.annotations.NullMarked;
