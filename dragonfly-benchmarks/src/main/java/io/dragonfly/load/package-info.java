/**
 * Load for a supernode in a process of its own: many peers that call as real ones do, and move no
 * pieces.
 */
@NullMarked
package io.dragonfly.load;

import org.jspecify.annotations.NullMarked;
