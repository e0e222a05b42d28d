/** Gives stored pieces to who may have them. Knows neither network nor scheduler. */
@NullMarked
package io.dragonfly.internal.serve;

import org.jspecify.annotations.NullMarked;
