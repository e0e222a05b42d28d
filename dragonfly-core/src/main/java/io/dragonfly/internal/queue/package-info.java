/**
 * What is shared fairly, by hosts, tasks, peers or client addresses: queues, and budgets of which
 * each has a part. Nothing here knows what the entries do.
 */
@NullMarked
package io.dragonfly.internal.queue;

import org.jspecify.annotations.NullMarked;
