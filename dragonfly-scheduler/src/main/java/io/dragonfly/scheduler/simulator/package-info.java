/**
 * Swarms in virtual time: the scheduler is the one that supernodes use, all else is a model. {@link
 * io.dragonfly.scheduler.simulator.Simulation} runs one that a few numbers describe, and {@link
 * io.dragonfly.scheduler.simulator.VirtualSwarm} one that is put together peer by peer.
 */
@NullMarked
package io.dragonfly.scheduler.simulator;

import org.jspecify.annotations.NullMarked;
