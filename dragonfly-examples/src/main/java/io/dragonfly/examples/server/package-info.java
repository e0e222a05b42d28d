/**
 * {@code dfget server}: the peer of a home, which works for the calls of that home's user and goes
 * on giving to others when they have ended. Calls come over a local socket from the thin command.
 */
@NullMarked
package io.dragonfly.examples.server;

import org.jspecify.annotations.NullMarked;
