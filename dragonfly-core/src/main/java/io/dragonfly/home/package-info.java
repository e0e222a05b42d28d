/**
 * What a client's home directory holds: tasks, and how they came there. Values alone; {@link
 * io.dragonfly.fetch} has what is asked for.
 */
@NullMarked
package io.dragonfly.home;

import org.jspecify.annotations.NullMarked;
