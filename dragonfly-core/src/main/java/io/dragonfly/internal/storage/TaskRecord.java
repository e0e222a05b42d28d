package io.dragonfly.internal.storage;

import io.dragonfly.task.Task;
import java.util.Optional;

/**
 * What {@code task.json} says of a task. Immutable.
 *
 * @param task the task, with its length once that is known
 * @param url where it was read from last, if anybody said so: without query and user
 * @param bootId the boot in which the pieces of the journal were written or last verified: until
 *     the next one, the kernel loses nothing of what was written
 * @param pinned whether the task is kept, however long nobody uses it
 * @param linkedOut set before the data gets a name outside of the store, and from then on
 */
record TaskRecord(
    Task task,
    Optional<String> url,
    Optional<String> bootId,
    boolean pinned,
    Optional<LinkedOut> linkedOut) {
  /**
   * How data looked when all was well with it, since somebody else can change it now.
   *
   * @param stamp the data's; empty while it is being linked
   * @param linkable whether mode and owner are still those that the file was made with, so that it
   *     may be handed out once more
   */
  record LinkedOut(Optional<FileStamp> stamp, boolean linkable) {}

  TaskRecord withTask(Task other) {
    return new TaskRecord(other, url, bootId, pinned, linkedOut);
  }

  TaskRecord withUrl(String other) {
    return new TaskRecord(task, Optional.of(other), bootId, pinned, linkedOut);
  }

  TaskRecord withBootId(Optional<String> other) {
    return new TaskRecord(task, url, other, pinned, linkedOut);
  }

  TaskRecord withLinkedOut(Optional<LinkedOut> other) {
    return new TaskRecord(task, url, bootId, pinned, other);
  }

  TaskRecord withPinned(boolean other) {
    return new TaskRecord(task, url, bootId, other, linkedOut);
  }
}
