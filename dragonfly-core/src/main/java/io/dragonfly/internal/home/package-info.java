/**
 * Which home directories a process may use. The thin {@code dfget} loads this package, so it uses
 * the JDK alone, and of that no lambdas, regular expressions, formatters or streams.
 */
@NullMarked
package io.dragonfly.internal.home;

import org.jspecify.annotations.NullMarked;
