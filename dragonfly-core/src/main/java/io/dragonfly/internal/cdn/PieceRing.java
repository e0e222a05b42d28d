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
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A task for which the disk has no room: a few of its pieces at a time, in memory, each until
 * enough peers have it to give it to the others. Who reads the source waits until one can go.
 *
 * <p>It is seen from two sides. {@link #reading} is what the source is read into: a piece that was
 * read is there, even when its bytes have gone since, so it is not read again. {@link #serving} is
 * what peers are given: a piece is there while its bytes are. Safe for concurrent use.
 */
final class PieceRing {
  /** How long a reader waits for room before it lets the source go. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Time passes, and with it what {@link Demand#spare} says; nobody tells of that. */
  private static final long LOOK_MILLIS = 250;

  private final Demand demand;
  private final LongSupplier nanos;
  private final BooleanSupplier memory;
  private final int slots;
  private final Optional<StoredTask> disk;

  /**
   * Outlasts each read: what it is computed over is not there any more when the next one begins.
   */
  private final Optional<WholeDigest> whole;

  private final StoredTask reading = new Reading();
  private final StoredTask serving = new Serving();

  @GuardedBy("this")
  private Task task;

  /** What is there, by number, the oldest first. */
  @GuardedBy("this")
  private final Map<Integer, Slot> held = new LinkedHashMap<>();

  @GuardedBy("this")
  private final Deque<ByteBuffer> free = new ArrayDeque<>();

  @GuardedBy("this")
  private int made;

  @GuardedBy("this")
  private @Nullable Slot writing;

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

  /** Its memory was given to another ring, since nobody wanted anything of this one. */
  @GuardedBy("this")
  private boolean resting;

  /** Knows which peers have what. Called under no lock. */
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

  /** The memory of one piece. */
  private static final class Slot {
    private final ByteBuffer bytes;
    private int piece;
    private long sealedNanos;
    private int regions;
    private boolean dropped;

    Slot(int piece, ByteBuffer bytes) {
      this.piece = piece;
      this.bytes = bytes;
    }
  }

  /**
   * A ring without a piece.
   *
   * @param slots how many pieces it holds, at least two: one is written while others are given
   * @param disk what of the task is on the disk already, where it stays
   * @param whole the digest of the whole as far as it has been read, if that is to be checked
   * @param memory gives it its memory back after a {@link #rest}, if there is any
   */
  PieceRing(
      Task task,
      int slots,
      Optional<StoredTask> disk,
      Optional<WholeDigest> whole,
      LongSupplier nanos,
      Demand demand,
      BooleanSupplier memory) {
    this.task = disk.map(StoredTask::task).orElse(task);
    this.slots = slots;
    this.disk = disk;
    this.nanos = nanos;
    this.demand = demand;
    this.memory = memory;
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

  /** Peers have taken something: there may be room now. */
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

  /** Lets go of its memory until it is read again; tells whether it had any. */
  boolean rest() {
    List<Integer> pieces;
    synchronized (this) {
      if (resting) {
        return false;
      }
      resting = true;
      free.clear();
      made = 0;
      pieces = List.copyOf(held.keySet());
    }
    pieces.forEach(this::drop);
    return true;
  }

  synchronized boolean isResting() {
    return resting;
  }

  /** Takes its memory back, if it has none and there is some. */
  private void wake() {
    if (isResting() && memory.getAsBoolean()) {
      synchronized (this) {
        resting = false;
      }
    }
  }

  /** Tells whether a write would find room at once. */
  boolean hasRoom() {
    wake();
    Map<Integer, Duration> ages;
    synchronized (this) {
      if (writing != null || !free.isEmpty() || (made < slots && !resting)) {
        return true;
      }
      ages = ages();
    }
    return demand.spare(task(), ages).isPresent();
  }

  private synchronized Task task() {
    return task;
  }

  @GuardedBy("this")
  private BitSet heldPieces() {
    BitSet pieces = disk.map(StoredTask::pieces).orElseGet(BitSet::new);
    held.keySet().forEach(pieces::set);
    return pieces;
  }

  @GuardedBy("this")
  private Map<Integer, Duration> ages() {
    long now = nanos.getAsLong();
    Map<Integer, Duration> ages = new LinkedHashMap<>();
    held.forEach((p, slot) -> ages.put(p, Duration.ofNanos(now - slot.sealedNanos)));
    return ages;
  }

  private Slot slotFor(int piece) {
    long deadline = nanos.getAsLong() + PATIENCE.toNanos();
    while (true) {
      wake();
      Map<Integer, Duration> ages;
      int seen;
      synchronized (this) {
        Slot slot = takeSlot(piece);
        if (slot != null) {
          return slot;
        }
        ages = ages();
        seen = changes;
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

  @GuardedBy("this")
  private @Nullable Slot takeSlot(int piece) {
    if (stopped) {
      throw new NoRoomException();
    }
    Slot slot = writing;
    if (slot != null) {
      slot.piece = piece; // what was written of another one broke off, and is of no use
      return slot;
    }
    ByteBuffer bytes = free.poll();
    if (bytes == null && made < slots && !resting) {
      made++;
      bytes = ByteBuffer.allocateDirect(task.layout().pieceLength());
    }
    writing = bytes == null ? null : new Slot(piece, bytes);
    return writing;
  }

  private void drop(int piece) {
    demand.dropped(task(), piece); // first: nobody is to be sent here for it any more
    synchronized (this) {
      Slot slot = held.remove(piece);
      if (slot != null) {
        slot.dropped = true;
        freeUnlessGiven(slot);
      }
    }
  }

  @GuardedBy("this")
  private void freeUnlessGiven(Slot slot) {
    if (slot.dropped && slot.regions == 0) {
      if (!resting) {
        free.add(slot.bytes);
      }
      changes++;
      notifyAll();
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

  private PieceRegion region(ByteRange range) throws IOException {
    int piece;
    synchronized (this) {
      PieceLayout layout = task.layout();
      piece = layout.pieceAt(range.start());
      Slot slot = held.get(piece);
      if (slot != null) {
        if (!layout.range(piece).contains(range)) {
          throw new IOException("bytes %s do not lie in one piece".formatted(range));
        }
        slot.regions++;
        int from = (int) (range.start() - layout.range(piece).start());
        ByteBuffer bytes = slot.bytes.duplicate();
        bytes.limit(from + (int) range.length()).position(from);
        return PieceRegion.ofMemory(bytes.slice(), () -> closed(slot));
      }
    }
    if (disk.isPresent() && disk.get().has(piece)) {
      return disk.get().region(range);
    }
    throw new IOException("piece %d is not there any more".formatted(piece));
  }

  private synchronized void closed(Slot slot) {
    slot.regions--;
    freeUnlessGiven(slot);
  }

  private synchronized void lose(int piece) throws IOException {
    Slot slot = held.remove(piece);
    if (slot != null) {
      slot.dropped = true;
      freeUnlessGiven(slot);
    } else if (disk.isPresent() && disk.get().has(piece)) {
      disk.get().unseal(piece);
    }
    again.set(piece);
    again.and(read);
    readAgainNow();
  }

  /** What both sides see alike. */
  private abstract class Side implements StoredTask {
    @Override
    public Task task() {
      return PieceRing.this.task();
    }

    @Override
    public Optional<Digest> digest(int piece) {
      synchronized (PieceRing.this) {
        return Optional.ofNullable(digests.get(piece));
      }
    }

    @Override
    public PieceRegion region(ByteRange range) throws IOException {
      return PieceRing.this.region(range);
    }

    @Override
    public void suspect(int piece) {
      disk.ifPresent(stored -> stored.suspect(piece));
    }

    @Override
    public void unseal(int piece) throws IOException {
      lose(piece);
    }

    @Override
    public void deliver(Path target, Optional<Set<PosixFilePermission>> mode) throws IOException {
      throw new IOException("what is only passed on is never there as a whole");
    }
  }

  private final class Reading extends Side {
    @Override
    public void learnLength(long length) {
      synchronized (PieceRing.this) {
        task = task.withLength(length);
      }
    }

    @Override
    public void write(long offset, ByteBuffer data) {
      PieceLayout layout = task().layout();
      int piece = layout.pieceAt(offset);
      Slot slot = slotFor(piece);
      int at = (int) (offset - layout.range(piece).start());
      slot.bytes.put(at, data, data.position(), data.remaining());
      data.position(data.limit());
    }

    @Override
    public void seal(int piece, Digest digest) throws IOException {
      synchronized (PieceRing.this) {
        Slot slot = writing;
        if (slot == null || slot.piece != piece) {
          throw new IOException("piece %d was not written".formatted(piece));
        }
        writing = null;
        slot.sealedNanos = nanos.getAsLong();
        held.put(piece, slot);
        read.set(piece);
        digests.put(piece, digest);
        readAgainNow();
      }
    }

    @Override
    public boolean has(int piece) {
      synchronized (PieceRing.this) {
        return read.get(piece);
      }
    }

    @Override
    public BitSet pieces() {
      synchronized (PieceRing.this) {
        return (BitSet) read.clone();
      }
    }
  }

  private final class Serving extends Side {
    @Override
    public void learnLength(long length) throws IOException {
      throw readOnly();
    }

    @Override
    public void write(long offset, ByteBuffer data) throws IOException {
      throw readOnly();
    }

    @Override
    public void seal(int piece, Digest digest) throws IOException {
      throw readOnly();
    }

    private static IOException readOnly() {
      return new IOException("peers are given what others have read");
    }

    @Override
    public boolean has(int piece) {
      synchronized (PieceRing.this) {
        return held.containsKey(piece) || disk.filter(stored -> stored.has(piece)).isPresent();
      }
    }

    @Override
    public BitSet pieces() {
      synchronized (PieceRing.this) {
        return heldPieces();
      }
    }

    @Override
    public boolean isSuspect(ByteRange range) {
      return disk.isPresent() && disk.get().isSuspect(range);
    }
  }
}
