/** The {@code simulate} command: how a swarm of any size would do, in virtual time. */
@NullMarked
package io.dragonfly.examples.simulate;

import org.jspecify.annotations.NullMarked;
