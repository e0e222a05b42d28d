/**
 * The scheduler: which peer downloads which piece from which parent. Nothing in this package does
 * I/O, and the only time is the clock that it is given.
 *
 * <p>{@link io.dragonfly.scheduler.PlannedScheduler} passes the events of the SPI to the other
 * classes. {@code PeerRegistry} and {@code PeerState} hold the peers and their links over all
 * tasks. {@code Swarm} and {@code Member} hold the peers and pieces of one task. A {@code
 * PieceDownload} is one piece for one child from one parent: {@code FreshPlanner} and {@code
 * PieceDistribution} plan them ahead, {@code Assigner} and {@code ParentChoice} choose them when a
 * child polls.
 */
@NullMarked
package io.dragonfly.scheduler;

import org.jspecify.annotations.NullMarked;
