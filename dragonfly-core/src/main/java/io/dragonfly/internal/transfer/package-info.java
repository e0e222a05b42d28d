/**
 * The download engine: what a client's fetches want, which pieces of which task that takes, and
 * when each is done. Bytes, control calls, the source and the output have packages of their own
 * below.
 */
@NullMarked
package io.dragonfly.internal.transfer;

import org.jspecify.annotations.NullMarked;
