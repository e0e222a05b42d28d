/** Who takes part: peers, their ids, secrets and addresses. Values only. */
@NullMarked
package io.dragonfly.peer;

import org.jspecify.annotations.NullMarked;
