package io.dragonfly.internal.cdn;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.control.Queued;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.internal.queue.KeyedBudget;
import io.dragonfly.spi.PieceRegion;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.Task;
import java.io.IOException;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.BitSet;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One task in the CDN cache, and the read that completes it, if one is on its way. Safe for
 * concurrent use. Made by {@link CdnCache#prepare}, and let go with {@link #release}.
 */
public final class CdnTask {
  /** Content up to this length is told to the listener as a whole: 64 KiB. */
  public static final int SMALL_BYTES = 64 << 10;

  /** How long a complaint of a piece that turned out to be intact counts against its place. */
  public static final Duration WRONG_COMPLAINT_COUNTS = Duration.ofHours(1);

  private static final Logger log = LoggerFactory.getLogger(CdnTask.class);

  private final CdnCache cache;

  /** What the source is read into. */
  private volatile StoredTask stored;

  /** Where the pieces are if they have no place on the disk. */
  private volatile @Nullable RelayBuffer ring;

  @GuardedBy("this")
  private @Nullable SourceDownload reading;

  /** Whoever asked for a read while one was on its way, which may leave something. */
  @GuardedBy("this")
  private @Nullable Access next;

  @GuardedBy("this")
  private int users;

  private final Complaints complaints;

  CdnTask(StoredTask stored, CdnCache cache) {
    this.stored = stored;
    this.cache = cache;
    this.complaints = new Complaints(this, cache);
  }

  CdnTask(RelayBuffer ring, CdnCache cache) {
    this(ring.reading(), cache);
    this.ring = ring;
  }

  /** From now on pieces are kept in a ring. Nothing is read meanwhile but by who calls this. */
  void passOn(RelayBuffer pieces) {
    ring = pieces;
    stored = pieces.reading();
  }

  /** Tells whether pieces are kept only until peers have them. */
  public boolean isPassedOn() {
    return ring != null;
  }

  /** Peers have taken something: there may be room for more. Of interest where it is passed on. */
  public void moved() {
    RelayBuffer pieces = ring;
    if (pieces != null) {
      pieces.moved();
    }
  }

  /** Has pieces read again that no peer has any more, where the task is passed on. */
  public void readAgain(BitSet lost) {
    RelayBuffer pieces = ring;
    if (pieces != null) {
      pieces.readAgain(lost);
      readLost();
    }
  }

  /** Returns the task, with its length if that is known by now. */
  public Task task() {
    return stored.task();
  }

  /** Returns the numbers of the pieces that are there. */
  public BitSet pieces() {
    return serving().pieces();
  }

  StoredTask serving() {
    RelayBuffer pieces = ring;
    return pieces == null ? stored : pieces.serving();
  }

  /** Returns the digest of a piece, if it is known. */
  public Optional<Digest> digest(int piece) {
    return stored.digest(piece);
  }

  /** Tells whether all pieces are there. */
  public boolean isComplete() {
    return isComplete(stored);
  }

  static boolean isComplete(StoredTask stored) {
    PieceLayout layout = stored.task().layout();
    return layout.isLengthKnown() && stored.pieces().cardinality() == layout.pieces();
  }

  /** Returns the content if it is complete, small, and still what was sealed. Reads the disk. */
  public Optional<byte[]> smallContent() throws IOException {
    long length = task().layout().length().orElse(Long.MAX_VALUE);
    if (length > SMALL_BYTES || !isComplete()) {
      return Optional.empty();
    }
    if (length == 0) {
      return Optional.of(new byte[0]);
    }
    byte[] content;
    try (PieceRegion region = stored.region(ByteRange.of(0, length))) {
      content = region.readAll();
    }
    MessageDigest sha = Digest.newSha256();
    sha.update(content);
    if (!stored.digest(0).equals(Optional.of(Digest.of(sha)))) {
      stored.unseal(0);
      return Optional.empty();
    }
    return Optional.of(content);
  }

  /**
   * Sees to it that what is missing is read. Does nothing if nothing is missing; what is missing
   * when a read ends that is on its way is read after it.
   *
   * @param opened the content from its beginning, if it is open already; closed in any case
   */
  public void read(Access access, Optional<SourceContent> opened) {
    SourceDownload started = null;
    synchronized (this) {
      if (reading == null && !isComplete()) {
        started = newRead(access, opened);
        reading = started;
      } else if (reading != null) {
        next = access;
      }
    }
    if (started != null) {
      log.info("task {}: reading {}", task().id().brief(), access.content().displayUrl());
      cache.listener().started(task());
      cache.threads().readStarts();
      started.start();
    } else {
      opened.ifPresent(CdnTask::close);
    }
  }

  @GuardedBy("this")
  private SourceDownload newRead(Access access, Optional<SourceContent> opened) {
    RelayBuffer pieces = ring;
    if (pieces != null) {
      pieces.goOn();
    }
    return new SourceDownload(
        stored,
        Optional.ofNullable(pieces),
        access,
        opened,
        cache.surroundings(),
        new SourceDownload.Owner() {
          @Override
          public void ended(Optional<DistributionException> failure) {
            readEnded(failure);
          }

          @Override
          public Optional<RelayBuffer> passOn(
              NoSpaceException lacking, Optional<WholeDigest> whole) {
            return cache.openRing(CdnTask.this, lacking, whole);
          }
        });
  }

  /** Returns what the source download waits for; empty if nothing is downloaded, or it fails. */
  public Optional<Queued> queued() {
    SourceDownload running;
    synchronized (this) {
      running = reading;
    }
    return running == null ? Optional.empty() : running.queued();
  }

  /** Ends a read soon; what is there stays, and the next read goes on from it. */
  public void stop() {
    SourceDownload stopped;
    synchronized (this) {
      stopped = reading;
      next = null;
      RelayBuffer pieces = ring;
      if (pieces != null) {
        pieces.stop(); // a read that begins from here on may go on
      }
    }
    if (stopped != null) {
      stopped.stop();
    }
  }

  /**
   * Reads a piece, in the background, and again from the source if it is bad. Nobody is given it
   * before it was read.
   */
  public void check(int piece) {
    complaints.check(piece);
  }

  /**
   * Checks a piece that a peer complains of, if that place is believed.
   *
   * @param from where the peer is
   * @param budget the complaints about all tasks
   * @return whether it is believed, or nothing depends on that
   */
  public boolean complain(int piece, HostKey from, KeyedBudget<HostKey> budget) {
    return complaints.complain(piece, from, budget);
  }

  /** What was lost is to be read again. */
  void readLost() {
    cache.listener().access(task().id(), Set.of()).ifPresent(a -> read(a, Optional.empty()));
  }

  private void readEnded(Optional<DistributionException> failure) {
    Access again;
    synchronized (this) {
      again = next;
      next = null;
      reading = null;
    }
    cache.threads().readEnded();
    if (failure.isPresent()) {
      cache.readFailed(this, failure.get());
    } else if (isComplete()) {
      completed();
    } else if (again != null) {
      read(again, Optional.empty());
    } else if (!isReading()) {
      log.info("task {}: stopped reading", task().id().brief());
      cache.listener().stopped(task().id());
    }
  }

  private void completed() {
    log.info(
        "task {}: complete, {} bytes", task().id().brief(), task().layout().length().orElse(0));
    Optional<byte[]> content = Optional.empty();
    try {
      content = smallContent();
    } catch (IOException | DistributionException e) {
      log.warn("task {}: cannot be read back: {}", task().id().brief(), e.toString());
    }
    cache.listener().completed(task(), content);
  }

  /**
   * Says that one user less needs the task; its read stops with the last. Blocks on the disk if the
   * task is to be forgotten.
   *
   * @param forget whether the pieces are to be deleted if nobody else uses the task
   */
  public void release(boolean forget) {
    cache.release(this, forget);
  }

  synchronized void use() {
    users++;
  }

  /** Says that somebody uses the task now. */
  public void used() {
    cache.used(task().id());
  }

  synchronized boolean isReading() {
    return reading != null;
  }

  /**
   * Gives up the bytes of all pieces, unless they are being read. A read that begins meanwhile
   * reads until all is there.
   */
  boolean evict() throws IOException {
    if (isReading() || isPassedOn()) {
      return false;
    }
    stored.evict();
    return true;
  }

  /** Returns whether nobody uses the task any more. */
  synchronized boolean letGo() {
    users--;
    return users == 0;
  }

  private static void close(SourceContent content) {
    try {
      content.close();
    } catch (IOException e) {
      log.debug("closing a source's stream failed: {}", e.toString());
    }
  }
}
