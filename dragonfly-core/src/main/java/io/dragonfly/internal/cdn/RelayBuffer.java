package io.dragonfly.internal.cdn;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * A task for which the disk has no room: a few of its pieces at a time, in memory, each until
 * enough peers have it to give it to the others. Who reads the source waits until one can go.
 *
 * <p>It is seen from two sides: {@link #reading} is what the source is read into, {@link #serving}
 * what peers are given. This class knows what was read and what has to be read again, and waits for
 * room; {@link RelaySlots} has the bytes. Safe for concurrent use.
 */
final class RelayBuffer {
  /** How long a reader waits for room before it lets the source go. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Time passes, and with it what {@link Demand#spare} says; nobody tells of that. */
  private static final long LOOK_MILLIS = 250;

  private final Demand demand;
  private final LongSupplier nanos;
  private final RelayBuffers.Share share;
  private final Optional<StoredTask> disk;

  /**
   * Outlasts each read: what it is computed over is not there any more when the next one begins.
   */
  private final Optional<WholeDigest> whole;

  private final StoredTask reading = new RelayTask.Reading(this);
  private final StoredTask serving = new RelayTask.Serving(this);

  @GuardedBy("this")
  private Task task;

  @GuardedBy("this")
  private final RelaySlots slots;

  @GuardedBy("this")
  private final BitSet read = new BitSet();

  /** What has to be read again when all has been read once. */
  @GuardedBy("this")
  private final BitSet again = new BitSet();

  @GuardedBy("this")
  private final Map<Integer, Digest> digests = new HashMap<>();

  @GuardedBy("this")
  private int changes;

  @GuardedBy("this")
  private boolean stopped;

  /**
   * Knows which peers have what. Called under no lock of a ring, but {@link #dropped} and {@link
   * #isWanted} also under the locks of the cache: see {@link CdnListener}.
   */
  interface Demand {
    /** Returns a piece whose bytes need not be kept; {@code ages} has them, the oldest first. */
    OptionalInt spare(Task task, Map<Integer, Duration> ages);

    /** A piece is about to go. */
    void dropped(Task task, int piece);

    /** Tells whether somebody wants anything of a task. */
    boolean isWanted(Task task);
  }

  /** There was no room for too long, or the read was stopped meanwhile. */
  static final class NoRoomException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    NoRoomException() {
      super("no peer takes what has been read", null, false, false);
    }
  }

  /**
   * A ring without a piece.
   *
   * @param share of the memory: how many pieces it may hold
   * @param disk what of the task is on the disk already, where it stays
   * @param whole the digest of the whole as far as it has been read, if that is to be checked
   */
  RelayBuffer(
      Task task,
      RelayBuffers.Share share,
      Optional<StoredTask> disk,
      Optional<WholeDigest> whole,
      LongSupplier nanos,
      Demand demand) {
    this.task = disk.map(StoredTask::task).orElse(task);
    this.share = share;
    this.slots = new RelaySlots(share);
    this.disk = disk;
    this.nanos = nanos;
    this.demand = demand;
    this.whole = whole;
    disk.ifPresent(this::adopt);
  }

  private synchronized void adopt(StoredTask stored) {
    read.or(stored.pieces());
    // What was there once has a digest, too.
    for (int p = 0; p < read.length() || stored.digest(p).isPresent(); p++) {
      int piece = p;
      stored.digest(p).ifPresent(digest -> digests.put(piece, digest));
    }
  }

  /** Returns what the source is read into. */
  StoredTask reading() {
    return reading;
  }

  /** Returns the digest of the whole, if that is to be checked. Belongs to who reads the source. */
  Optional<WholeDigest> whole() {
    return whole;
  }

  /** Returns what peers are given. */
  StoredTask serving() {
    return serving;
  }

  /** Has pieces read again that no peer has any more, as soon as all has been read once. */
  synchronized void readAgain(BitSet pieces) {
    again.or(pieces);
    again.andNot(heldPieces());
    again.and(read);
    readAgainNow();
  }

  @GuardedBy("this")
  private void readAgainNow() {
    PieceLayout layout = task.layout();
    // Before that it would step back, and a digest of the whole could not be gone on with.
    if (layout.isLengthKnown() && read.cardinality() == layout.pieces()) {
      read.andNot(again);
      again.clear();
    }
  }

  /** Peers have taken something, or let go of it: there may be room now. */
  synchronized void moved() {
    changes++;
    notifyAll();
  }

  /** Ends a write that waits for room, and all that would come, until {@link #goOn}. */
  synchronized void stop() {
    stopped = true;
    notifyAll();
  }

  synchronized void goOn() {
    stopped = false;
  }

  /** Tells whether somebody wants anything of the task. */
  boolean isWanted() {
    return demand.isWanted(task());
  }

  /** Returns its memory until it is read again; tells whether it had any. */
  boolean rest() {
    List<Integer> pieces;
    synchronized (this) {
      if (!share.isUsed()) {
        return false;
      }
      pieces = slots.rest();
    }
    pieces.forEach(this::drop);
    return true;
  }

  /** The task ends. What is being given stays readable. */
  void close() {
    stop();
    rest();
    synchronized (this) {
      slots.end();
    }
  }

  /** Drops pieces that can go while it has more than its share: other tasks need the memory. */
  void shed() {
    OptionalInt spare;
    do {
      Map<Integer, Duration> ages;
      synchronized (this) {
        if (!slots.trim()) {
          return;
        }
        ages = slots.ages(nanos.getAsLong());
      }
      spare = demand.spare(task(), ages);
      spare.ifPresent(this::drop);
    } while (spare.isPresent());
  }

  /** Tells whether a write would find room at once. */
  boolean hasRoom() {
    share.reclaim();
    Map<Integer, Duration> ages;
    synchronized (this) {
      if (slots.hasRoom()) {
        return true;
      }
      ages = slots.ages(nanos.getAsLong());
    }
    return demand.spare(task(), ages).isPresent();
  }

  synchronized Task task() {
    return task;
  }

  Optional<StoredTask> disk() {
    return disk;
  }

  synchronized Optional<Digest> digest(int piece) {
    return Optional.ofNullable(digests.get(piece));
  }

  /** Tells whether a piece need not be read, whether it is still there or not. */
  synchronized boolean wasRead(int piece) {
    return read.get(piece);
  }

  synchronized BitSet readPieces() {
    return (BitSet) read.clone();
  }

  /** Tells whether the bytes of a piece are there. */
  synchronized boolean holds(int piece) {
    return slots.find(piece).isPresent() || isOnDisk(piece);
  }

  synchronized BitSet heldPieces() {
    BitSet pieces = disk.map(StoredTask::pieces).orElseGet(BitSet::new);
    slots.pieces().forEach(pieces::set);
    return pieces;
  }

  private boolean isOnDisk(int piece) {
    return disk.filter(stored -> stored.has(piece)).isPresent();
  }

  synchronized void learnLength(long length) {
    task = task.withLength(length);
  }

  /** Takes in bytes of one piece; waits for room. */
  void write(long offset, ByteBuffer data) {
    PieceLayout layout = task().layout();
    int piece = layout.pieceAt(offset);
    RelaySlots.Slot slot = slotFor(piece);
    int at = (int) (offset - layout.range(piece).start());
    slot.bytes().put(at, data, data.position(), data.remaining());
    data.position(data.limit());
  }

  synchronized void seal(int piece, Digest digest) throws IOException {
    slots.seal(piece, nanos.getAsLong());
    read.set(piece);
    digests.put(piece, digest);
    readAgainNow();
  }

  private RelaySlots.Slot slotFor(int piece) {
    long deadline = nanos.getAsLong() + PATIENCE.toNanos();
    while (true) {
      Map<Integer, Duration> ages;
      int seen;
      synchronized (this) {
        if (stopped) {
          throw new NoRoomException();
        }
        Optional<RelaySlots.Slot> slot = slots.write(piece, task.layout().pieceLength());
        if (slot.isPresent()) {
          return slot.get();
        }
        ages = slots.ages(nanos.getAsLong());
        seen = changes;
      }
      if (share.reclaim()) {
        continue;
      }
      OptionalInt spare = demand.spare(task(), ages);
      if (spare.isPresent()) {
        drop(spare.getAsInt());
      } else if (nanos.getAsLong() - deadline >= 0) {
        throw new NoRoomException();
      } else {
        await(seen);
      }
    }
  }

  private void drop(int piece) {
    demand.dropped(task(), piece); // first: nobody is to be sent here for it any more
    synchronized (this) {
      if (slots.drop(piece)) {
        moved();
      }
    }
  }

  private synchronized void await(int seen) {
    if (changes != seen || stopped) {
      return;
    }
    try {
      TimeUnit.MILLISECONDS.timedWait(this, LOOK_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new NoRoomException();
    }
  }

  PieceRegion region(ByteRange range) throws IOException {
    int piece;
    synchronized (this) {
      PieceLayout layout = task.layout();
      piece = layout.pieceAt(range.start());
      Optional<RelaySlots.Slot> slot = slots.find(piece);
      if (slot.isPresent()) {
        if (!layout.range(piece).contains(range)) {
          throw new IOException("bytes %s do not lie in one piece".formatted(range));
        }
        int from = (int) (range.start() - layout.range(piece).start());
        ByteBuffer bytes = slot.get().give(from, (int) range.length());
        return PieceRegion.ofMemory(bytes, () -> closed(slot.get()));
      }
    }
    if (disk.isPresent() && isOnDisk(piece)) {
      return disk.get().region(range);
    }
    throw new IOException("piece %d is not there any more".formatted(piece));
  }

  private synchronized void closed(RelaySlots.Slot slot) {
    if (slots.closed(slot)) {
      moved();
    }
  }

  /** A piece is damaged: it is read again. */
  synchronized void lose(int piece) throws IOException {
    if (slots.find(piece).isPresent()) {
      if (slots.drop(piece)) {
        moved();
      }
    } else if (disk.isPresent() && isOnDisk(piece)) {
      disk.get().unseal(piece);
    }
    again.set(piece);
    again.and(read);
    readAgainNow();
  }
}
