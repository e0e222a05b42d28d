/** The {@code soak} command: a swarm of real processes under random faults. */
@NullMarked
package io.dragonfly.examples.soak;

import org.jspecify.annotations.NullMarked;
