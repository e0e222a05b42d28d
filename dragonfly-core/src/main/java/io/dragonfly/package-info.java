/**
 * The entry points and their configs, and nothing else: they wire the rest, and nothing imports
 * them.
 */
@NullMarked
package io.dragonfly;

import org.jspecify.annotations.NullMarked;
