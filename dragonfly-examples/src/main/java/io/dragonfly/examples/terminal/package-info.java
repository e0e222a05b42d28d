/**
 * What is drawn on a terminal: lines that are redrawn in place, bars, and how wide there is room
 * for them. Nothing here knows what is shown.
 */
@NullMarked
package io.dragonfly.examples.terminal;

import org.jspecify.annotations.NullMarked;
