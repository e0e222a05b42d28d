/** What leaves the store: the finished file, a range of it, or a stream that is read meanwhile. */
@NullMarked
package io.dragonfly.internal.transfer.output;

import org.jspecify.annotations.NullMarked;
