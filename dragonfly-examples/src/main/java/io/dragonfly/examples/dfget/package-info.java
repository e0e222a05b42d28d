/** The command that fetches one file. */
@NullMarked
package io.dragonfly.examples.dfget;

import org.jspecify.annotations.NullMarked;
