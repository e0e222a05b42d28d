/**
 * How a peer speaks with a supernode: {@link io.dragonfly.control.SupernodeApi} and its messages.
 * The same in one process and over a transport; how messages become bytes is the transport's
 * affair.
 */
@NullMarked
package io.dragonfly.control;

import org.jspecify.annotations.NullMarked;
