/** The command that schedules peers and keeps one copy of what they want. */
@NullMarked
package io.dragonfly.examples.supernode;

import org.jspecify.annotations.NullMarked;
