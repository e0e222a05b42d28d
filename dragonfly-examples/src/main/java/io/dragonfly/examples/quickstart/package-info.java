/** The command that shows one file reaching several peers, on this machine alone. */
@NullMarked
package io.dragonfly.examples.quickstart;

import org.jspecify.annotations.NullMarked;
