/**
 * A client's side of the control protocol: registering, the long-poll with its reports, what to do
 * when a supernode is lost. Moves no bytes and decides nothing about pieces.
 */
@NullMarked
package io.dragonfly.internal.transfer.swarm;

import org.jspecify.annotations.NullMarked;
