package io.dragonfly.internal.cdn;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a ring: slots for one piece each, made as they are needed. One slot at most is
 * written; others hold pieces that are there; the rest are free, but for those whose piece was
 * dropped while somebody was still given it. Not safe for concurrent use: its ring has the lock.
 */
final class RingSlots {
  private final int most;

  /** What is there, by number, the oldest first. */
  private final Map<Integer, Slot> held = new LinkedHashMap<>();

  private final Deque<ByteBuffer> free = new ArrayDeque<>();
  private int made;
  private @Nullable Slot writing;

  /** Its memory was given to another ring, since nobody wanted anything of this one. */
  private boolean resting;

  /** No memory yet, and later for this many pieces. */
  RingSlots(int most) {
    this.most = most;
  }

  /** The memory of one piece. */
  static final class Slot {
    private final ByteBuffer bytes;
    private int piece;
    private long sealedNanos;
    private int regions;
    private boolean dropped;

    private Slot(int piece, ByteBuffer bytes) {
      this.piece = piece;
      this.bytes = bytes;
    }

    /** All of its bytes. Whoever writes a piece may do so without the lock. */
    ByteBuffer bytes() {
      return bytes;
    }

    /** Gives a part of the piece to somebody, until {@link RingSlots#closed}. */
    ByteBuffer give(int from, int length) {
      regions++;
      ByteBuffer part = bytes.duplicate();
      part.limit(from + length).position(from);
      return part.slice();
    }
  }

  boolean isResting() {
    return resting;
  }

  /** Lets go of its memory until {@link #wake}; returns what is there and has to be dropped. */
  List<Integer> rest() {
    resting = true;
    free.clear();
    made = 0;
    return List.copyOf(held.keySet());
  }

  void wake() {
    resting = false;
  }

  /** Tells whether a piece could be written now. */
  boolean hasRoom() {
    return writing != null || !free.isEmpty() || (made < most && !resting);
  }

  /** Returns the slot to write a piece in, if there is room. */
  Optional<Slot> write(int piece, int pieceLength) {
    Slot slot = writing;
    if (slot != null) {
      slot.piece = piece; // what was written of another one broke off, and is of no use
      return Optional.of(slot);
    }
    ByteBuffer bytes = free.poll();
    if (bytes == null && hasRoom()) {
      made++;
      bytes = ByteBuffer.allocateDirect(pieceLength);
    }
    if (bytes == null) {
      return Optional.empty();
    }
    writing = new Slot(piece, bytes);
    return Optional.of(writing);
  }

  /**
   * The piece that is written is there from now on.
   *
   * @throws IOException if another one is written, or none
   */
  void seal(int piece, long nanos) throws IOException {
    Slot slot = writing;
    if (slot == null || slot.piece != piece) {
      throw new IOException("piece %d was not written".formatted(piece));
    }
    writing = null;
    slot.sealedNanos = nanos;
    held.put(piece, slot);
  }

  Optional<Slot> find(int piece) {
    return Optional.ofNullable(held.get(piece));
  }

  Set<Integer> pieces() {
    return held.keySet();
  }

  /** Returns how long what is there has been there, the oldest first. */
  Map<Integer, Duration> ages(long nanos) {
    Map<Integer, Duration> ages = new LinkedHashMap<>();
    held.forEach((p, slot) -> ages.put(p, Duration.ofNanos(nanos - slot.sealedNanos)));
    return ages;
  }

  /** Drops a piece if it is there, and tells whether there may be room for another one now. */
  boolean drop(int piece) {
    Slot slot = held.remove(piece);
    if (slot == null) {
      return false;
    }
    slot.dropped = true;
    return freeUnlessGiven(slot);
  }

  /** Somebody is given a part of a piece no longer; tells whether there may be room now. */
  boolean closed(Slot slot) {
    slot.regions--;
    return freeUnlessGiven(slot);
  }

  private boolean freeUnlessGiven(Slot slot) {
    boolean isFree = slot.dropped && slot.regions == 0;
    if (isFree && !resting) {
      free.add(slot.bytes);
    }
    return isFree;
  }
}
