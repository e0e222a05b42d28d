/**
 * Counts what clients, supernodes and proxies do in a Micrometer registry. Needs Micrometer, which
 * is an optional dependency: nothing else in this module does. Who sends the counts where is the
 * business of the registry that is given.
 */
@NullMarked
package io.dragonfly.transport.http.metrics;

import org.jspecify.annotations.NullMarked;
