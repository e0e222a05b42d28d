package io.dragonfly.control;

import io.dragonfly.task.PieceDigests;
import io.dragonfly.task.Task;
import java.util.Optional;

/**
 * The version that the caller gets.
 *
 * @param task the version
 * @param ticket proves this registration to this supernode, also after a restart
 * @param digests what is known of the pieces' digests now; more come with {@link PollResponse}s
 * @param content the whole content, if it is small and already there; verified like pieces are
 * @param advice what else the caller should know about the task
 * @param terms for how long the answer holds
 */
public record RegisterResponse(
    Task task,
    String ticket,
    PieceDigests digests,
    Optional<byte[]> content,
    Advice advice,
    Terms terms) {
  /** Hides the ticket: it is a secret. */
  @Override
  public String toString() {
    return "RegisterResponse[" + task + ", " + digests + ", " + advice + ", " + terms + "]";
  }
}
