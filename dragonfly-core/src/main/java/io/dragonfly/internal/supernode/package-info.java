/**
 * The supernode: who takes part in which task, the questions to sources, and the answers to peers.
 * How a source is read and what is kept of it is {@link io.dragonfly.internal.cdn}'s affair, who
 * takes what from whom the scheduler's.
 */
@NullMarked
package io.dragonfly.internal.supernode;

import org.jspecify.annotations.NullMarked;
