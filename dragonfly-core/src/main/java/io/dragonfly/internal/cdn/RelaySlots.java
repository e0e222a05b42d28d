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
 * The memory of a ring: slots for one piece each, made as they are needed and as its share of the
 * memory allows. One slot at most is written; others hold pieces that are there; the rest are free,
 * but for those whose piece was dropped while somebody was still given it. What is more than the
 * share is returned as soon as it is free. Not safe for concurrent use: its ring has the lock.
 */
final class RelaySlots {
  private final RelayBuffers.Share share;

  /** What is there, by number, the oldest first. */
  private final Map<Integer, Slot> held = new LinkedHashMap<>();

  private final Deque<ByteBuffer> free = new ArrayDeque<>();
  private @Nullable Slot writing;

  /** Nothing is kept, since nobody wants anything of this ring. */
  private boolean resting;

  /** No memory yet. */
  RelaySlots(RelayBuffers.Share share) {
    this.share = share;
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

    /** Gives a part of the piece to somebody, until {@link RelaySlots#closed}. */
    ByteBuffer give(int from, int length) {
      regions++;
      ByteBuffer part = bytes.duplicate();
      part.limit(from + length).position(from);
      return part.slice();
    }
  }

  /** Returns its memory until the next write; returns what is there and has to be dropped. */
  List<Integer> rest() {
    resting = true;
    trim();
    return List.copyOf(held.keySet());
  }

  /** Returns all memory that nobody is given: nothing is written any more. */
  void end() {
    if (writing != null) {
      writing = null;
      share.release();
    }
  }

  /** Returns free memory that is more than its share; tells whether it still has more. */
  boolean trim() {
    while (isTooMuch() && free.poll() != null) {
      share.release();
    }
    return isTooMuch();
  }

  private boolean isTooMuch() {
    return resting ? share.isUsed() : share.isExceeded();
  }

  /** Tells whether a piece could be written now. */
  boolean hasRoom() {
    return writing != null || !free.isEmpty() || share.hasRoom();
  }

  /** Returns the slot to write a piece in, if there is room. */
  Optional<Slot> write(int piece, int pieceLength) {
    Slot slot = writing;
    if (slot != null) {
      slot.piece = piece; // what was written of another one broke off, and is of no use
      return Optional.of(slot);
    }
    resting = false;
    trim();
    ByteBuffer bytes = free.poll();
    if (bytes == null && share.reserve()) {
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
    drop(piece); // should it have been there, its memory is free
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
    if (isFree) {
      free.add(slot.bytes);
      trim();
    }
    return isFree;
  }
}
