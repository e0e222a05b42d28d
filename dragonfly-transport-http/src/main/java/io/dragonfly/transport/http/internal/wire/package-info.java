/**
 * What stands on the wire: paths, header names, and how the control messages look in JSON. Nothing
 * else parses what a peer sent; what does not fit is a {@link
 * io.dragonfly.transport.http.internal.wire.WireException}. No connection is opened here.
 */
@NullMarked
package io.dragonfly.transport.http.internal.wire;

import org.jspecify.annotations.NullMarked;
