/**
 * The server side: one port for pieces and control calls, one request at a time for each
 * connection. It checks what comes in with the wire package, and leaves all decisions to the piece
 * service and the supernode behind it.
 */
@NullMarked
package io.dragonfly.transport.http.internal.server;

import org.jspecify.annotations.NullMarked;
