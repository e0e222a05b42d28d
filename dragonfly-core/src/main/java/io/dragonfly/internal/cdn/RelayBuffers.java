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
 * The rings of one cache, which share a bounded memory equally. There is always one share more than
 * rings, so a task that comes late has memory at once; from then on the shares are smaller, and
 * what others have beyond theirs goes as soon as peers have it. Rings of which nobody wants
 * anything have no share: their pieces are with peers. Safe for concurrent use.
 */
final class RelayBuffers {
  /** No ring has a larger part of the memory than this. */
  private static final int LEAST_SHARES = 4;

  /** One piece is written while another one is given. */
  private static final int LEAST_SLOTS = 2;

  /** A ring has this many while there is no other, also if that is all of the memory. */
  private static final int LEAST_SLOTS_ALONE = 4;

  private final long bytes;
  private final LongSupplier nanos;
  private final RelayBuffer.Demand demand;

  @GuardedBy("this")
  private final Map<TaskId, Ring> rings = new LinkedHashMap<>();

  @GuardedBy("this")
  private long used;

  private record Ring(RelayBuffer pieces, Share share) {}

  /** How much of the memory one ring may use, and uses. Safe for concurrent use. */
  final class Share {
    private final int pieceLength;
    private final int mostSlots;

    @GuardedBy("RelayBuffers.this")
    private int slots;

    @GuardedBy("RelayBuffers.this")
    private boolean isActive = true;

    private Share(PieceLayout layout) {
      this.pieceLength = layout.pieceLength();
      this.mostSlots = layout.isLengthKnown() ? Math.max(1, layout.pieces()) : Integer.MAX_VALUE;
    }

    private long leastBytes() {
      return (long) Math.min(mostSlots, LEAST_SLOTS) * pieceLength;
    }

    private boolean isActive() {
      synchronized (RelayBuffers.this) {
        return isActive;
      }
    }

    @GuardedBy("RelayBuffers.this")
    private int most() {
      int active = active();
      long fair = bytes / Math.max(LEAST_SHARES, active + 1) / pieceLength;
      int least = active > 1 ? LEAST_SLOTS : LEAST_SLOTS_ALONE;
      return (int) Math.min(mostSlots, Math.max(least, fair));
    }

    /** Takes the memory of one more piece, if there is some; from now on it has a share. */
    boolean reserve() {
      synchronized (RelayBuffers.this) {
        isActive = true;
        boolean mayReserve = hasRoom();
        if (mayReserve) {
          slots++;
          used += pieceLength;
        }
        return mayReserve;
      }
    }

    /** Returns the memory of one piece. */
    void release() {
      synchronized (RelayBuffers.this) {
        slots--;
        used -= pieceLength;
      }
    }

    /** Tells whether there is memory for one more piece. */
    boolean hasRoom() {
      synchronized (RelayBuffers.this) {
        return slots < most() && used + pieceLength <= bytes;
      }
    }

    boolean isExceeded() {
      synchronized (RelayBuffers.this) {
        return slots > most();
      }
    }

    boolean isUsed() {
      synchronized (RelayBuffers.this) {
        return slots > 0;
      }
    }

    private void rests() {
      synchronized (RelayBuffers.this) {
        isActive = false;
      }
    }

    /**
     * Has other rings return what they have beyond their share, if this one lacks memory that it
     * may use. Tells whether there is some now that there was not. Called under no lock.
     */
    boolean reclaim() {
      synchronized (RelayBuffers.this) {
        if (slots >= most() || hasRoom()) {
          return false;
        }
      }
      for (Ring ring : all()) {
        if (ring.share() != this && !rest(ring)) {
          ring.pieces().shed();
        }
      }
      return hasRoom();
    }
  }

  /**
   * No ring.
   *
   * @param bytes what all of them may take up; 0 for none at all
   */
  RelayBuffers(long bytes, LongSupplier nanos, RelayBuffer.Demand demand) {
    this.bytes = bytes;
    this.nanos = nanos;
    this.demand = demand;
  }

  /**
   * Begins to pass a task on, if there is memory for two of its pieces beside two of each other.
   *
   * @param disk what of it is on the disk already, where it stays
   * @param whole the digest of the whole as far as it has been read, if that is to be checked
   */
  Optional<RelayBuffer> open(Task task, Optional<StoredTask> disk, Optional<WholeDigest> whole) {
    if (!hasPlaceFor(task)) {
      all().forEach(this::rest); // not under the lock: other classes say what is wanted
    }
    Share share = new Share(task.layout());
    RelayBuffer ring = new RelayBuffer(task, share, disk, whole, nanos, demand);
    synchronized (this) {
      if (rings.containsKey(task.id()) || !hasPlaceFor(task)) {
        return Optional.empty();
      }
      rings.put(task.id(), new Ring(ring, share));
      return Optional.of(ring);
    }
  }

  private synchronized boolean hasPlaceFor(Task task) {
    long least = new Share(task.layout()).leastBytes();
    for (Ring ring : rings.values()) {
      least += ring.share().isActive() ? ring.share().leastBytes() : 0;
    }
    return least <= bytes;
  }

  private synchronized int active() {
    return (int) rings.values().stream().filter(ring -> ring.share().isActive()).count();
  }

  private synchronized List<Ring> all() {
    return List.copyOf(rings.values());
  }

  /**
   * Returns the memory of a ring of which nobody wants anything; tells whether it is such a one.
   */
  private boolean rest(Ring ring) {
    if (ring.pieces().isWanted()) {
      return false;
    }
    ring.share().rests();
    ring.pieces().rest();
    return true;
  }

  synchronized Optional<RelayBuffer> find(TaskId task) {
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
      gone.pieces().close();
    }
  }
}
