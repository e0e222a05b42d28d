/**
 * Who is trusted over TLS, and what we prove ourselves with: keys and certificates in files, the
 * certificate of our own making, and the supernodes that are known by theirs. No socket: who opens
 * one asks here how.
 */
@NullMarked
package io.dragonfly.transport.http.internal.tls;

import org.jspecify.annotations.NullMarked;
