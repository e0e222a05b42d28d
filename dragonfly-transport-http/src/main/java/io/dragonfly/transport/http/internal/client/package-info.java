/**
 * The client side: takes of pieces over kept-alive connections, and calls to supernodes. Answers
 * are checked exactly; what is not as it was asked for never reaches a sink.
 */
@NullMarked
package io.dragonfly.transport.http.internal.client;

import org.jspecify.annotations.NullMarked;
