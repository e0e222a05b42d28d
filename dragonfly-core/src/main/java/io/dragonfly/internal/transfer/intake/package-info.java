/**
 * The way of bytes into the store: from a parent or the source through a pooled buffer and its
 * digest to the disk writer. What is wanted, and from whom, is decided elsewhere.
 */
@NullMarked
package io.dragonfly.internal.transfer.intake;

import org.jspecify.annotations.NullMarked;
