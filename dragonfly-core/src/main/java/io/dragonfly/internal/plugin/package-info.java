/** Finds plug-ins: providers of the SPIs, with ServiceLoader. Knows none of them by name. */
@NullMarked
package io.dragonfly.internal.plugin;

import org.jspecify.annotations.NullMarked;
