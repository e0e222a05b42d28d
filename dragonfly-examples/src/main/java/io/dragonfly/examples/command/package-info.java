/** What all commands share: their arguments, failures and exit codes, units and logging. */
@NullMarked
package io.dragonfly.examples.command;

import org.jspecify.annotations.NullMarked;
