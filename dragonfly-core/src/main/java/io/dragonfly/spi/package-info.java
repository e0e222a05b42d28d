/**
 * What can be replaced: sources, stores, limiters, schedulers and transports. Each has a provider,
 * which is found with ServiceLoader by name, and a contract test suite in the test-jar.
 */
@NullMarked
package io.dragonfly.spi;

import org.jspecify.annotations.NullMarked;
