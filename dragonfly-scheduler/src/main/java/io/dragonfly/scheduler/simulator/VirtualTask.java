package io.dragonfly.scheduler.simulator;

import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.TaskId;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** One file of a {@link VirtualSwarm}. Not safe for concurrent use. */
public final class VirtualTask {
  private static final int LEAST_CHUNK = 32 << 10;
  private static final int CHUNKS_PER_PIECE = 8;

  private final int number;
  private final TaskId id;
  private final PieceLayout layout;
  private final int chunk;
  private final List<VirtualFetch> fetches = new ArrayList<>();

  VirtualTask(int number, long lengthBytes) {
    this.number = number;
    id = new TaskId("%064x".formatted(number + 1));
    layout = PieceLayout.of(lengthBytes);
    chunk = Math.max(LEAST_CHUNK, layout.pieceLength() / CHUNKS_PER_PIECE);
  }

  /** Returns the downloads of this file, in the order in which they were added. */
  public List<VirtualFetch> fetches() {
    return Collections.unmodifiableList(fetches);
  }

  /** Returns the length of the file in bytes. */
  public long lengthBytes() {
    return layout.length().orElseThrow();
  }

  /** Returns the index of this task in the lists of the peers. */
  int number() {
    return number;
  }

  TaskId id() {
    return id;
  }

  PieceLayout layout() {
    return layout;
  }

  /** Returns the largest number of bytes of a piece that travel together. */
  int chunk() {
    return chunk;
  }

  void add(VirtualFetch fetch) {
    fetches.add(fetch);
  }

  @Override
  public String toString() {
    return "task " + number;
  }
}
