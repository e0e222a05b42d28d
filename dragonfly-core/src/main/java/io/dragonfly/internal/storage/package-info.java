/** Tasks' pieces as files in a home directory, and the lock on that directory. */
@NullMarked
package io.dragonfly.internal.storage;

import org.jspecify.annotations.NullMarked;
