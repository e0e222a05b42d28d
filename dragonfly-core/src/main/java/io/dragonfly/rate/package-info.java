/** Rates in bytes per second. Values only. */
@NullMarked
package io.dragonfly.rate;

import org.jspecify.annotations.NullMarked;
