/**
 * Queues that are shared fairly: by hosts, by tasks, by peers. Nothing here knows what the entries
 * do.
 */
@NullMarked
package io.dragonfly.internal.queue;

import org.jspecify.annotations.NullMarked;
