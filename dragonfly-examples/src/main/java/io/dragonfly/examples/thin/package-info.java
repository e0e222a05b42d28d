/**
 * The part of {@code dfget} that people wait for: it hands the call to the background peer of its
 * data directory, which it starts if none runs, and copies what comes back. Both ends of the local
 * socket are made of what is here.
 *
 * <p>It must be up at once, so it uses the JDK alone, and of that no lambdas, regular expressions,
 * formatters or streams. The one thing that it has from the library is {@code
 * io.dragonfly.internal.home}: which homes it may use.
 */
@NullMarked
package io.dragonfly.examples.thin;

import org.jspecify.annotations.NullMarked;
