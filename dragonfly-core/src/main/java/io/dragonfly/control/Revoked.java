package io.dragonfly.control;

import io.dragonfly.peer.PeerId;
import io.dragonfly.task.TaskId;
import java.time.Instant;

/**
 * Capabilities that are worth nothing any more, since their holder has left or may not take. Later
 * ones are: the holder may have come again.
 *
 * @param task what they are for
 * @param child who has them
 * @param expires all that expire by then, in the supernode's time, in whole seconds
 */
public record Revoked(TaskId task, PeerId child, Instant expires) {}
