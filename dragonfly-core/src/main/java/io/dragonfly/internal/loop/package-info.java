/**
 * Threads and time: the loop that owns a client's state, timers, and the threads that may block.
 * Nothing here knows what is done on them.
 */
@NullMarked
package io.dragonfly.internal.loop;

import org.jspecify.annotations.NullMarked;
