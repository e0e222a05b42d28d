package io.dragonfly.home;

import io.dragonfly.task.Task;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A task in a client's home directory, as it was when somebody asked.
 *
 * @param task the task
 * @param pieces how many of its pieces are there
 * @param inUse whether a fetch wants it just now, or somebody reads it
 * @param url where it was fetched from last, without query and user; empty if that is not known any
 *     more
 * @param lastFetch when a fetch of it ended last; empty if that is not known any more
 */
public record CachedTask(
    Task task, int pieces, boolean inUse, Optional<String> url, Optional<Instant> lastFetch) {
  /** Returns how many pieces the task has; empty while its length is not known. */
  public OptionalInt piecesInAll() {
    return task.layout().isLengthKnown()
        ? OptionalInt.of(task.layout().pieces())
        : OptionalInt.empty();
  }

  /**
   * Returns the bytes of the pieces that are there, or a little more if the last one is missing.
   */
  public long heldBytes() {
    long most = (long) pieces * task.layout().pieceLength();
    return Math.min(most, task.layout().length().orElse(most));
  }

  /** Tells whether all pieces are there. */
  public boolean isComplete() {
    return piecesInAll().orElse(-1) == pieces;
  }
}
