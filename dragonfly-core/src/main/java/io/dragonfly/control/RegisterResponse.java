package io.dragonfly.control;

import io.dragonfly.task.PieceDigests;
import io.dragonfly.task.Task;
import java.util.Optional;

/**
 * The version that the caller gets.
 *
 * @param task the version
 * @param ticket proof of this registration for this supernode, also after a restart
 * @param digests the known digests of pieces; more follow with {@link PollResponse}s
 * @param content the whole file, if it is small and cached; the caller verifies it like pieces
 * @param advice what the caller should do with the task if the supernode is lost
 * @param terms for how long this response is valid
 */
public record RegisterResponse(
    Task task,
    String ticket,
    PieceDigests digests,
    Optional<byte[]> content,
    Advice advice,
    Terms terms) {
  /** Hides the ticket, which is a secret. */
  @Override
  public String toString() {
    return "RegisterResponse[" + task + ", " + digests + ", " + advice + ", " + terms + "]";
  }
}
