/** Who may do what: capabilities for pieces, tickets for registrations, what is open to all. */
@NullMarked
package io.dragonfly.internal.access;

import org.jspecify.annotations.NullMarked;
