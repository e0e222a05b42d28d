/**
 * Buffers on their way to the disk, and the thread that writes them: one for all that a peer takes,
 * and one for all that a supernode reads.
 */
@NullMarked
package io.dragonfly.internal.writing;

import org.jspecify.annotations.NullMarked;
