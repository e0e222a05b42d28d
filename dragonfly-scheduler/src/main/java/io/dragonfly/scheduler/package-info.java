/** Schedulers: who takes which piece from whom. */
@NullMarked
package io.dragonfly.scheduler;

import org.jspecify.annotations.NullMarked;
