/** Proofs of who may do what: capabilities for pieces, tickets for registrations. */
@NullMarked
package io.dragonfly.internal.access;

import org.jspecify.annotations.NullMarked;
