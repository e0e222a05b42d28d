/**
 * The messages between peers and supernodes, and {@link io.dragonfly.control.SupernodeApi}, which
 * exchanges them. They are the same within a process and over a transport, which encodes them.
 */
@NullMarked
package io.dragonfly.control;

import org.jspecify.annotations.NullMarked;
