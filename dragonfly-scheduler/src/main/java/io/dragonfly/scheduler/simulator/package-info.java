/**
 * Simulated swarms in virtual time. The scheduler is that of supernodes; everything else is a
 * model. {@link io.dragonfly.scheduler.simulator.Simulation} runs a swarm that is described by a
 * few numbers. {@link io.dragonfly.scheduler.simulator.VirtualSwarm} is built peer by peer.
 */
@NullMarked
package io.dragonfly.scheduler.simulator;

import org.jspecify.annotations.NullMarked;
