/**
 * What is distributed: tasks, their ids and keys, pieces, ranges and digests. Values only:
 * immutable, without I/O, built on the JDK alone.
 */
@NullMarked
package io.dragonfly.task;

import org.jspecify.annotations.NullMarked;
