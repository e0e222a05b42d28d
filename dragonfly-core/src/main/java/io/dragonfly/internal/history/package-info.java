/** Writes down how fetches went, beside the store, and reads that again. */
@NullMarked
package io.dragonfly.internal.history;

import org.jspecify.annotations.NullMarked;
