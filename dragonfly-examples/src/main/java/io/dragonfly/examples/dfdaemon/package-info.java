/** The {@code dfdaemon} command: a background peer with the proxy for container engines. */
@NullMarked
package io.dragonfly.examples.dfdaemon;

import org.jspecify.annotations.NullMarked;
