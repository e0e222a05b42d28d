/**
 * The commands {@code supernode}, {@code dfget} and {@code quickstart}; small programs that embed
 * the library.
 */
@NullMarked
package io.dragonfly.examples;

import org.jspecify.annotations.NullMarked;
