package io.dragonfly.internal.storage;

import io.dragonfly.internal.storage.OpenFiles.Lease;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.Task;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.time.Duration;
import java.time.Instant;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A task of a {@link DiskStorage}: a directory with {@code data}, {@code pieces} and {@code
 * task.json}.
 *
 * <p>Who calls: {@link #region}, {@link #has} and what else only looks, a transport's threads and
 * those of this library; all that writes, this library's own threads alone. Those may be
 * interrupted all the same; see {@link Uninterrupted}.
 */
final class DiskTask implements StoredTask, Syncer.Target {
  private static final Logger LOG = LoggerFactory.getLogger(DiskTask.class);

  static final String DATA = "data";
  static final String PIECES = "pieces";
  static final String TASK = "task.json";

  /**
   * A content this small is cheaper to fetch once more, after a crash of the machine, than to sync:
   * a sync commits what all processes have changed in the file system, and whoever makes a file
   * meanwhile may wait for it.
   */
  static final long SMALL_BYTES = 64 << 10;

  /** Who has not written for so long has given up, and what it lacks is nobody's any more. */
  private static final Duration ACTIVE = Duration.ofSeconds(60);

  private final Disk disk;
  private final TaskFile taskFile;
  private final PieceSet pieces;
  private final PieceJournal journal;
  private final DataFile data;
  private final PieceChecks checks;
  private final PageCache.Pieces cached;

  /** Shared by all that writes here; alone has it who exchanges the data or ends the task. */
  private final ReentrantReadWriteLock life = new ReentrantReadWriteLock();

  private volatile boolean ended;
  private volatile long lastActiveNanos;

  /** While the length is unknown: how far room has been checked for. */
  private volatile long checkedUpTo;

  /**
   * A task in a directory.
   *
   * @param unverified sealed pieces of an earlier boot, to be read before they are given
   */
  DiskTask(Disk disk, Path directory, TaskFile taskFile, PieceSet pieces, BitSet unverified)
      throws IOException {
    this.disk = disk;
    this.taskFile = taskFile;
    this.pieces = pieces;
    this.journal = PieceJournal.open(directory.resolve(PIECES), disk.files());
    this.data = new DataFile(directory.resolve(DATA), disk.files(), taskFile);
    this.checks = new PieceChecks(data, taskFile, pieces, unverified, new Checked());
    this.cached = disk.cache().new Pieces();
    this.lastActiveNanos = disk.machine().nanoTime() - ACTIVE.toNanos() - 1;
    watchIfWhole();
  }

  @Override
  public Task task() {
    return taskFile.record().task();
  }

  private PieceLayout layout() {
    return task().layout();
  }

  @Override
  public void learnLength(long length) throws IOException {
    writing(
        () -> {
          Task learned = task().withLength(length);
          if (pieces.last() >= learned.layout().pieces()) {
            throw new IOException("pieces behind the end, at %d, are sealed".formatted(length));
          }
          if (!layout().isLengthKnown()) {
            data.setLength(length);
            taskFile.update(record -> record.withTask(learned));
            watchIfWhole();
            syncLater();
          }
        });
  }

  @Override
  public void write(long offset, ByteBuffer bytes) throws IOException {
    write(offset, List.of(bytes));
  }

  @Override
  public void write(long offset, List<ByteBuffer> adjoining) throws IOException {
    long count = adjoining.stream().mapToLong(ByteBuffer::remaining).sum();
    checkPlace(offset, count);
    if (count == 0) {
      return;
    }
    boolean written = false;
    while (!written) {
      if (data.isWatched()) {
        Uninterrupted.run(this::own);
      }
      written = writeOwned(offset, count, adjoining);
    }
  }

  /** Writes, if the data is not somebody else's too. */
  private boolean writeOwned(long offset, long count, List<ByteBuffer> adjoining)
      throws IOException {
    life.readLock().lock();
    try {
      checkAlive();
      if (data.isWatched()) {
        return false;
      }
      PieceLayout layout = layout();
      if (pieces.hasAny(layout.pieceAt(offset), layout.pieceAt(offset + count - 1))) {
        throw new IOException("a sealed piece of %s would be changed".formatted(this));
      }
      checkRoomToGrow(offset + count);
      try {
        data.write(offset, adjoining);
      } catch (IOException e) {
        throw disk.space().explain(toString(), count, e);
      }
      disk.cache().added(count);
      cached.used(layout.pieceAt(offset), layout.pieceAt(offset + count - 1));
      begin();
      return true;
    } finally {
      life.readLock().unlock();
    }
  }

  private void checkPlace(long offset, long count) throws IOException {
    PieceLayout layout = layout();
    long end = layout.length().orElse((long) PieceLayout.MAX_PIECES * layout.pieceLength());
    if (offset < 0 || count > end - offset) {
      throw new IOException("%d bytes at %d do not lie in %s".formatted(count, offset, this));
    }
  }

  /** For whole pieces: who finds that there is no room for one has written nothing of it. */
  private void checkRoomToGrow(long end) throws IOException {
    if (end > checkedUpTo && !layout().isLengthKnown()) {
      disk.space().require(toString(), layout().pieceLength());
      checkedUpTo = layout().range(layout().pieceAt(end - 1)).end();
    }
  }

  /** Makes the data ours alone, and what others have changed of it known. */
  private void own() throws IOException {
    life.writeLock().lock();
    try {
      checkAlive();
      if (data.isLinkedOut()) {
        detach();
      } else if (data.isWatched()) {
        if (data.difference().isPresent()) {
          checks.unsealBad(data.path());
          data.setLength(layout().length().orElseThrow());
        }
        data.watchNoMore();
      }
    } finally {
      life.writeLock().unlock();
    }
  }

  /** Copies the data, so that what is written does not show in somebody else's file. */
  private void detach() throws IOException {
    Path fresh = data.path().resolveSibling(DATA + ".new");
    Files.deleteIfExists(fresh);
    disk.space().require(toString(), Files.size(data.path()));
    boolean changed = data.difference().isPresent();
    DataFile.create(fresh, OptionalLong.empty());
    try {
      data.copyTo(
          () ->
              FileChannel.open(
                  fresh, StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING));
      if (layout().isLengthKnown()) {
        DataFile.setLength(fresh, layout().length().getAsLong());
      }
      if (changed) {
        checks.unsealBad(fresh); // the copy, which nobody changes any more
      }
      data.replaceBy(fresh);
    } catch (IOException e) {
      throw disk.space().explain(toString(), 0, e);
    } finally {
      disk.files().forget(fresh);
      Files.deleteIfExists(fresh);
    }
  }

  @Override
  public void seal(int piece, Digest digest) throws IOException {
    if (!digest.algorithm().equals(Digest.SHA256)) {
      throw new IllegalArgumentException("pieces have sha256 digests, not " + digest);
    }
    if (!layout().isPiece(piece)) {
      throw new IOException("there is no piece %d in %s".formatted(piece, this));
    }
    writing(
        () -> {
          if (!pieces.has(piece)) {
            journal.sealed(piece, digest);
            pieces.seal(piece, digest.bytes());
            watchIfWhole();
            syncLater();
          } else if (!pieces.digest(piece).equals(Optional.of(digest))) {
            throw new IOException("piece %d of %s has another digest".formatted(piece, this));
          }
        });
  }

  private boolean isWhole() {
    return layout().isLengthKnown() && pieces.count() >= layout().pieces();
  }

  private void watchIfWhole() throws IOException {
    if (isWhole()) {
      data.watch();
    }
  }

  private void syncLater() {
    if (isSynced(layout()) || isPinned()) {
      disk.syncer().written(this);
    }
  }

  /** Tells whether a task of this length is worth a sync, pinned or not. */
  static boolean isSynced(PieceLayout layout) {
    return layout.length().orElse(Long.MAX_VALUE) > SMALL_BYTES;
  }

  /** What has changed the record does not wait for a sync either. */
  void syncRecordLater() {
    if (!taskFile.isDurable()) {
      syncLater();
    }
  }

  @Override
  public void unseal(int piece) throws IOException {
    writing(
        () -> {
          if (pieces.unseal(piece)) {
            journal.unsealed(piece);
          }
        });
    checks.settled(piece);
  }

  @Override
  public void suspect(int piece) {
    checks.suspect(piece);
  }

  /** Follows what becomes of the suspect pieces. */
  private final class Checked implements PieceChecks.Owner {
    @Override
    public void unseal(int piece) throws IOException {
      DiskTask.this.unseal(piece);
    }

    @Override
    public void allVerified() {
      // From now on the journal can be trusted as long as the kernel runs.
      trustJournal(disk.machine().bootId(), "is verified once more after the next start");
    }

    @Override
    public void allSuspect() {
      LOG.warn("{}: many pieces are damaged, so each is verified first", DiskTask.this);
      trustJournal(Optional.empty(), "is trusted after the next start");
    }
  }

  private void trustJournal(Optional<String> bootId, String otherwise) {
    try {
      taskFile.update(record -> record.withBootId(bootId));
      syncRecordLater();
    } catch (IOException e) {
      LOG.warn("{} {}: {}", this, otherwise, e.toString());
    }
  }

  @Override
  public void evict() throws IOException {
    life.writeLock().lock();
    try {
      checkAlive();
      Path fresh = data.path().resolveSibling(DATA + ".new");
      BitSet sealed = pieces.sealed();
      Uninterrupted.run(
          () -> {
            Files.deleteIfExists(fresh);
            DataFile.create(fresh, layout().length());
            // Before the journal: on a full disk it cannot grow before the data is gone. Readers
            // have the old file open, whose space is free once they are done.
            sealed.stream().forEach(pieces::unseal);
            data.replaceBy(fresh);
          });
      forget(sealed);
      syncRecordLater();
    } catch (IOException e) {
      throw disk.space().explain(toString(), 0, e);
    } finally {
      life.writeLock().unlock();
    }
  }

  /** Records that pieces are gone. Their bytes are: the journal must not name them again. */
  private void forget(BitSet unsealed) throws IOException {
    try {
      for (int piece : unsealed.stream().toArray()) {
        journal.unsealed(piece);
      }
    } catch (IOException e) {
      LOG.debug("{}: no room for the journal of its eviction: {}", this, e.toString());
      journal.clear(); // needs no space; a later process does not know the digests then
    }
    unsealed.stream().forEach(checks::settled);
  }

  @Override
  public Optional<Instant> lastUse() {
    return Optional.of(taskFile.lastUse());
  }

  @Override
  public void used(Instant when) throws IOException {
    taskFile.used(when);
  }

  @Override
  public Optional<String> lastUrl() {
    return taskFile.record().url();
  }

  @Override
  public void readFrom(String url) throws IOException {
    taskFile.update(record -> record.withUrl(url));
    syncRecordLater();
  }

  @Override
  public boolean isPinned() {
    return taskFile.record().pinned();
  }

  @Override
  public void pin(boolean pinned) throws IOException {
    writing(() -> taskFile.update(record -> record.withPinned(pinned)));
    try {
      sync(); // an operator relies on it from now on
    } catch (IOException e) {
      throw disk.space().explain(toString(), 1, e);
    }
  }

  @Override
  public void sync() throws IOException {
    try {
      // Data first: after a crash of the machine, a record without its data is of no use. From the
      // last of them on the task counts as kept.
      data.sync(disk.machine());
      journal.sync(disk.machine());
      taskFile.sync(disk.machine());
    } catch (IOException e) {
      if (!ended) {
        throw e;
      }
    }
  }

  @Override
  public boolean has(int piece) {
    return pieces.has(piece);
  }

  @Override
  public BitSet pieces() {
    return pieces.sealed();
  }

  @Override
  public Optional<Digest> digest(int piece) {
    return pieces.digest(piece);
  }

  @Override
  public PieceRegion region(ByteRange range) throws IOException {
    checkPlace(range.start(), range.length());
    checkSealed(range);
    checks.check(range);
    Lease lease = data.read();
    boolean given = false;
    try {
      // If another file has come to this path in the meantime, it is that of a task with the same
      // id that came after this one ended, or a verified copy without the pieces that were bad.
      checkAlive();
      checkSealed(range);
      given = true;
      if (areCached(range)) {
        cached.used(layout().pieceAt(range.start()), layout().pieceAt(range.end() - 1));
      }
      return new PieceRegion(lease.channel(), range.start(), range.length(), lease::close);
    } finally {
      if (!given) {
        lease.close();
      }
    }
  }

  private void checkSealed(ByteRange range) throws IOException {
    PieceLayout layout = layout();
    if (range.length() > 0
        && !pieces.hasAll(layout.pieceAt(range.start()), layout.pieceAt(range.end() - 1))) {
      throw new IOException("not all of bytes %s of %s is sealed".formatted(range, this));
    }
  }

  private boolean areCached(ByteRange range) {
    return range.length() > 0
        && cached.areWarm(layout().pieceAt(range.start()), layout().pieceAt(range.end() - 1));
  }

  @Override
  public boolean isCold(ByteRange range) {
    return range.length() > 0 && !(areCached(range) && data.isOpen());
  }

  @Override
  public void readAhead(ByteRange range) throws IOException {
    checkPlace(range.start(), range.length());
    if (areCached(range)) {
      data.read().close(); // it stays open, for those who come soon
      return;
    }
    if (range.length() > 0) {
      data.readAhead(range);
      disk.cache().added(range.length());
      cached.used(layout().pieceAt(range.start()), layout().pieceAt(range.end() - 1));
    }
  }

  @Override
  public boolean isSuspect(ByteRange range) {
    return checks.isSuspect(range);
  }

  @Override
  public void deliver(Path target, Optional<Set<PosixFilePermission>> mode) throws IOException {
    if (data.isWatched() && data.isLongerThan(layout())) {
      own(); // somebody has appended to an output: that stays his alone
      watchIfWhole();
    }
    writing(
        () -> {
          if (!isWhole()) {
            throw new IOException("%s is not complete".formatted(this));
          }
          new Delivery(disk, data, target.toAbsolutePath(), mode, toString()).run(checks::checkAll);
          syncRecordLater();
        });
  }

  /** Returns the bytes that somebody who writes this task just now is still going to write. */
  long missingBytes() {
    boolean active = disk.machine().nanoTime() - lastActiveNanos <= ACTIVE.toNanos();
    return active ? lackingBytes() : 0;
  }

  /** Returns the bytes that are not sealed, as far as the length is known. */
  long lackingBytes() {
    long sealed = (long) pieces.count() * layout().pieceLength();
    return layout().length().isPresent() ? Math.max(0, layout().length().getAsLong() - sealed) : 0;
  }

  /** Tells that somebody is going to write this task, or goes on. */
  void begin() {
    lastActiveNanos = disk.machine().nanoTime();
    disk.writing().add(this);
  }

  /** Ends the task: when this returns nobody writes to its directory any more, nor will. */
  void end() {
    life.writeLock().lock();
    try {
      ended = true;
      taskFile.end();
    } finally {
      life.writeLock().unlock();
    }
  }

  /** Takes back {@link #end}: the task cannot be deleted. */
  void revive() {
    life.writeLock().lock();
    try {
      taskFile.revive();
      ended = false;
    } finally {
      life.writeLock().unlock();
    }
  }

  boolean isEnded() {
    return ended;
  }

  private void writing(Uninterrupted.FileAction action) throws IOException {
    life.readLock().lock();
    try {
      checkAlive();
      Uninterrupted.run(action);
    } catch (IOException e) {
      throw disk.space().explain(toString(), 1, e);
    } finally {
      life.readLock().unlock();
    }
  }

  private void checkAlive() throws IOException {
    if (ended) {
      throw new IOException("%s is no longer stored".formatted(this));
    }
  }

  @Override
  public String toString() {
    return "task " + task().id().brief();
  }
}
