/** The {@code dfdaemon} command: the server of a home with the proxy for container engines. */
@NullMarked
package io.dragonfly.examples.dfdaemon;

import org.jspecify.annotations.NullMarked;
