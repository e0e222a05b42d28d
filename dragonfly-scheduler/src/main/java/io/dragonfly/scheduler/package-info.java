/**
 * Schedulers: who takes which piece from whom. Nothing in here does I/O or knows another time than
 * that of the clock it was given.
 *
 * <p>{@link io.dragonfly.scheduler.PlannedScheduler} turns the events of the SPI into those of the
 * classes behind it. {@code Fleet} and {@code PeerState} know the peers with their links over all
 * tasks, {@code Swarm} and {@code Member} who holds and asks for what in one task, and a {@code
 * Take} is one piece for one taker from one parent. {@code FreshPlanner} and {@code Spread} make
 * takes ahead, {@code Assigner} and {@code ParentChoice} when a taker asks for work.
 */
@NullMarked
package io.dragonfly.scheduler;

import org.jspecify.annotations.NullMarked;
