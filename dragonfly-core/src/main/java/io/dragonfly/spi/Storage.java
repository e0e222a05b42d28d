package io.dragonfly.spi;

import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.dragonfly.task.TaskKey;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Keeps tasks' pieces. Safe for concurrent use; see {@code StorageContract}. Methods may block on a
 * disk, so they are never called on a transport's thread, {@link StoredTask#region} aside.
 */
public interface Storage extends AutoCloseable {
  /** Returns all tasks that are held, those of earlier processes included. */
  List<StoredTask> tasks();

  /**
   * Returns the tasks that are versions of one content. Each fetch asks for them, so a storage that
   * may hold many tasks has an index.
   */
  default List<StoredTask> versions(TaskKey key) {
    return tasks().stream().filter(stored -> stored.task().key().equals(key)).toList();
  }

  /** Returns a task, if it is held. */
  Optional<StoredTask> find(TaskId id);

  /**
   * Returns the task if it is held, else makes room for it.
   *
   * @throws io.dragonfly.error.NoSpaceException if content and reserve do not fit on the disk;
   *     nothing is left behind then
   */
  StoredTask create(Task task) throws IOException;

  /**
   * Forgets a task and frees its room. Regions that are open stay readable until they are closed.
   * Does nothing if the task is not held.
   */
  void delete(TaskId id) throws IOException;

  /** Lets everything go; what is sealed is found by the next storage on the same home. */
  @Override
  void close() throws IOException;
}
