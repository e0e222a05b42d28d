package io.dragonfly.internal.transfer.swarm;

import io.dragonfly.control.Push;

/**
 * A push as it came: its ticket is worth something at this supernode alone.
 *
 * @param link the supernode that said it
 * @param push what it said
 */
public record Pushed(SupernodeLink link, Push push) {}
