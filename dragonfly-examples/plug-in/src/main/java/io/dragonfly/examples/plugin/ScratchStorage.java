package io.dragonfly.examples.plugin;

import io.dragonfly.error.NoSpaceException;
import io.dragonfly.spi.Storage;
import io.dragonfly.spi.StorageConfig;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Keeps each task in a file that has no name any more: when the process ends, however it ends, the
 * system takes everything back. For hosts whose disk must not fill up with what a killed process
 * left behind; a killed download starts anew there.
 */
public final class ScratchStorage implements Storage {
  private final StorageConfig config;
  private final Map<TaskId, ScratchTask> tasks = new HashMap<>();

  /** Opens a store in the home directory, which is made if it does not exist. */
  public ScratchStorage(StorageConfig config) throws IOException {
    this.config = config;
    Files.createDirectories(config.home());
  }

  @Override
  public synchronized List<StoredTask> tasks() {
    return List.copyOf(tasks.values());
  }

  @Override
  public synchronized Optional<StoredTask> find(TaskId id) {
    return Optional.ofNullable(tasks.get(id));
  }

  @Override
  public synchronized StoredTask create(Task task) throws IOException {
    ScratchTask held = tasks.get(task.id());
    if (held != null) {
      return held;
    }
    requireRoom(task.layout().length().orElse(0));
    ScratchTask created = new ScratchTask(task, Files.createTempFile(config.home(), "task", ""));
    tasks.put(task.id(), created);
    return created;
  }

  private void requireRoom(long length) throws IOException {
    Path home = config.home();
    long needed = length + config.reserveBytes();
    long free = Files.getFileStore(home).getUsableSpace();
    if (free < needed) {
      throw new NoSpaceException(
          "%s has %d bytes free, and %d are needed: make room there".formatted(home, free, needed),
          needed,
          free,
          null);
    }
  }

  @Override
  public synchronized void delete(TaskId id) throws IOException {
    ScratchTask task = tasks.remove(id);
    if (task != null) {
      task.forget();
    }
  }

  @Override
  public synchronized void close() throws IOException {
    for (ScratchTask task : new ArrayList<>(tasks.values())) {
      delete(task.task().id());
    }
  }
}
