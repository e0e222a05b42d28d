package io.dragonfly.internal.cdn;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * The rings of one cache, which share a bounded memory. Where it is used up, those rest of which
 * nobody wants anything: their pieces are with peers. Safe for concurrent use.
 */
final class PieceRings {
  private static final int SHARES = 4;
  private static final int LEAST_SLOTS = 4;

  private final long bytes;
  private final LongSupplier nanos;
  private final PieceRing.Demand demand;

  @GuardedBy("this")
  private final Map<TaskId, Ring> rings = new LinkedHashMap<>();

  @GuardedBy("this")
  private long used;

  private record Ring(PieceRing pieces, long bytes) {}

  /**
   * No ring.
   *
   * @param bytes what all of them may take up; 0 for none at all
   */
  PieceRings(long bytes, LongSupplier nanos, PieceRing.Demand demand) {
    this.bytes = bytes;
    this.nanos = nanos;
    this.demand = demand;
  }

  /**
   * Begins to pass a task on, if there is memory for it: a quarter of all, or room for four pieces.
   *
   * @param disk what of it is on the disk already, where it stays
   * @param whole the digest of the whole as far as it has been read, if that is to be checked
   */
  Optional<PieceRing> open(Task task, Optional<StoredTask> disk, Optional<WholeDigest> whole) {
    PieceLayout layout = task.layout();
    int slots = (int) Math.max(LEAST_SLOTS, bytes / SHARES / layout.pieceLength());
    if (layout.isLengthKnown()) {
      slots = Math.min(slots, Math.max(1, layout.pieces()));
    }
    long needed = (long) slots * layout.pieceLength();
    if (find(task.id()).isPresent() || !reserve(needed)) {
      return Optional.empty();
    }
    PieceRing ring = new PieceRing(task, slots, disk, whole, nanos, demand, () -> reserve(needed));
    synchronized (this) {
      rings.put(task.id(), new Ring(ring, needed));
    }
    return Optional.of(ring);
  }

  private boolean reserve(long needed) {
    while (true) {
      List<Ring> all;
      synchronized (this) {
        if (used + needed <= bytes) {
          used += needed;
          return true;
        }
        all = List.copyOf(rings.values());
      }
      // Not under the lock: who wants what is asked elsewhere.
      if (needed > bytes || all.stream().noneMatch(this::rests)) {
        return false;
      }
    }
  }

  private boolean rests(Ring ring) {
    if (ring.pieces().isResting() || ring.pieces().isWanted() || !ring.pieces().rest()) {
      return false;
    }
    synchronized (this) {
      used -= ring.bytes();
    }
    return true;
  }

  synchronized Optional<PieceRing> find(TaskId task) {
    return Optional.ofNullable(rings.get(task)).map(Ring::pieces);
  }

  /** Returns what peers are given of all of them. */
  synchronized List<StoredTask> serving() {
    return rings.values().stream().map(ring -> ring.pieces().serving()).toList();
  }

  /** A task ends. What is being given stays readable. */
  void close(TaskId task) {
    Ring gone;
    synchronized (this) {
      gone = rings.remove(task);
    }
    if (gone != null) {
      gone.pieces().stop();
      if (gone.pieces().rest()) {
        synchronized (this) {
          used -= gone.bytes();
        }
      }
    }
  }
}
