package io.dragonfly.internal.supernode;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import io.dragonfly.task.TaskId;
import java.util.Optional;

/**
 * Small contents that registrations are answered with, so that the disk is not read for each. Those
 * that were not wanted for longest make room for others. Safe for concurrent use.
 */
final class SmallContents {
  /** What an entry takes up beside its bytes. */
  private static final int ENTRY_BYTES = 256;

  private final Cache<TaskId, byte[]> contents;

  /** Keeps no more than about so many bytes. */
  SmallContents(long mostBytes) {
    this.contents =
        CacheBuilder.newBuilder()
            .concurrencyLevel(1) // else each part has its own share, and a large content none
            .maximumWeight(mostBytes)
            .<TaskId, byte[]>weigher((id, content) -> content.length + ENTRY_BYTES)
            .build();
  }

  void put(TaskId task, byte[] content) {
    contents.put(task, content);
  }

  Optional<byte[]> find(TaskId task) {
    return Optional.ofNullable(contents.getIfPresent(task));
  }

  void remove(TaskId task) {
    contents.invalidate(task);
  }
}
