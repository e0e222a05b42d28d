package io.dragonfly.control;

import io.dragonfly.peer.PeerId;
import io.dragonfly.task.TaskId;
import java.time.Instant;

/**
 * Capabilities that are no longer valid, because their holder has left or lost its permission.
 * Later ones are valid: the holder may have returned.
 *
 * @param task the task of the capabilities
 * @param child the peer that holds them
 * @param expires capabilities that expire by this time of the supernode, in whole seconds, are
 *     revoked
 */
public record Revoked(TaskId task, PeerId child, Instant expires) {}
