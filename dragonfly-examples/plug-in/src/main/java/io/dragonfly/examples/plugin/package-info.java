/** A plug-in: a source that reads a folder, and a store that forgets everything at its end. */
@NullMarked
package io.dragonfly.examples.plugin;

import org.jspecify.annotations.NullMarked;
