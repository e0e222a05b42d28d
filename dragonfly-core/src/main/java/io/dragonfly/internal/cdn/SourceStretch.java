package io.dragonfly.internal.cdn;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.Source;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.task.Task;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.BitSet;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the first stretch of a task that is missing. A version that can be told from others is gone
 * on with where it stopped, by range. Any other is read again from its beginning, and what is there
 * already is compared: so all peers of a version get the same bytes, or learn that it has changed.
 *
 * <p>A source that is overwritten in place sends a mixture under the validator of the version it
 * began with. So it is asked once more when all has come, before the last piece is sealed.
 */
final class SourceStretch implements PieceLine.Place {
  private static final Logger log = LoggerFactory.getLogger(SourceStretch.class);
  static final int BUFFER_BYTES = 256 << 10;

  /** To read so much that is there already takes a source less time than another request. */
  static final int READ_OVER_BYTES = 1 << 20;

  /** Who pauses asks so often whether the limit was raised. */
  private static final Duration LOOK_EVERY = Duration.ofMillis(250);

  private final SourceDownload.Surroundings around;
  private final Overflow overflow;
  private volatile boolean onDisk;
  private final SourceCalls calls = new SourceCalls();
  private final Optional<WholeDigest> whole;
  private StoredTask stored;
  private long pauseNanos;
  private long furthest;

  /** All has come, but the source has not yet said that it is one version. */
  private @Nullable PieceLine unconfirmed;

  @GuardedBy("this")
  private @Nullable SourceContent opened;

  @GuardedBy("this")
  private @Nullable Closeable current;

  @GuardedBy("this")
  private boolean ended;

  /** Is told how the reading goes, on its thread. */
  interface Progress {
    /** So much was read, new or again. */
    void came(int bytes);

    /** What was read has never been read before. */
    void further();
  }

  /** Says where to go on when the disk is full in the middle. */
  interface Overflow {
    /**
     * Returns what the rest is kept in, if there is something.
     *
     * @param whole as far as it has been read; the next read goes on with it
     */
    Optional<StoredTask> goOn(NoSpaceException lacking, Optional<WholeDigest> whole);
  }

  /**
   * A read that has not started.
   *
   * @param whole the digest of the whole content, as far as it has been read; empty if it is not to
   *     be checked
   * @param onDisk whether the store is one
   * @param opened the content from its beginning, if it is open already
   */
  SourceStretch(
      StoredTask stored,
      boolean onDisk,
      Optional<WholeDigest> whole,
      Optional<SourceContent> opened,
      Overflow overflow,
      SourceDownload.Surroundings around) {
    this.stored = stored;
    this.onDisk = onDisk;
    this.overflow = overflow;
    this.opened = opened.orElse(null);
    this.around = around;
    this.whole = whole;
  }

  /** Reads until the stretch is complete. */
  void read(Access access, Progress progress) throws IOException {
    PieceLine all = unconfirmed;
    if (all == null) {
      readOn(access, progress);
    } else {
      finish(all, access);
    }
  }

  private void readOn(Access access, Progress progress) throws IOException {
    BitSet pieces = stored.pieces();
    int first = pieces.nextClearBit(0);
    boolean byRange = !pieces.isEmpty() && isLengthKnown() && isRepeatable(stored.task());
    int start = byRange ? first : 0;
    Optional<WholeDigest> checked = isLastSealed(pieces) ? Optional.empty() : whole;
    if (checked.isPresent() && !checked.get().startAt(stored, start)) {
      around.listener().lost(stored.task().id(), stored.pieces().nextClearBit(0));
      return; // the next stretch starts at the damaged piece
    }
    PieceLine line = new PieceLine(this, start, behind(), checked);
    if (byRange) {
      ByteRange gap = gap(pieces, first);
      copy(part(access, gap), line, OptionalLong.of(gap.end()), access, progress);
    } else {
      OptionalLong length = stored.task().layout().length();
      copy(whole(access).stream(), line, length, access, progress);
    }
  }

  /**
   * What has its place on the disk is written behind this thread. Not so a content whose length is
   * not known: the disk may run full, and then it must be known at which piece. Nor a small one:
   * that takes longer than its one write.
   */
  private Optional<WriteBehind> behind() {
    OptionalLong length = stored.task().layout().length();
    return onDisk && length.orElse(0) > BUFFER_BYTES
        ? Optional.of(new WriteBehind(stored, around.buffers(), this::sealed))
        : Optional.empty();
  }

  @Override
  public StoredTask stored() {
    return stored;
  }

  @Override
  public void sealed(int piece, Digest digest) {
    Task task = stored.task();
    around.listener().sealed(task, piece, digest);
    if (onDisk && !task.layout().isLengthKnown()) {
      try {
        around.eviction().grown(task.id(), task.layout().range(piece).end());
      } catch (NoSpaceException e) {
        if (!goOnElsewhere(e)) {
          throw e;
        }
      }
    }
  }

  @Override
  public boolean makeRoom(NoSpaceException lacking) {
    return around.eviction().free(stored.task().id(), lacking, 1) || goOnElsewhere(lacking);
  }

  /** The source goes on: it need not be able to do so from here when it is asked once more. */
  private boolean goOnElsewhere(NoSpaceException lacking) {
    Optional<StoredTask> rest = overflow.goOn(lacking, whole);
    if (rest.isPresent()) {
      stored = rest.get();
      onDisk = false;
    }
    return rest.isPresent();
  }

  private void finish(PieceLine line, Access access) throws IOException {
    Task task = stored.task();
    // A digest of the whole, or of each piece from an earlier reading, says more than a validator.
    if (task.version().canBeCompared() && task.digest().isEmpty() && !line.knowsLast()) {
      unconfirmed = line;
      confirm(access);
      unconfirmed = null;
    }
    if (!isEnded()) {
      line.complete();
    }
  }

  /** Asks the source whether it still has the version that was read. */
  private void confirm(Access first) throws IOException {
    Set<String> refused = new HashSet<>();
    Optional<Access> asker = Optional.of(first);
    while (asker.isPresent()) {
      Access access = asker.get();
      try {
        SourceRequest probe = request(access);
        checkSame(ask(access, probe));
        return;
      } catch (AccessRefusedException e) {
        refused.add(access.fingerprint());
        asker = around.listener().access(stored.task().id(), refused);
      } catch (ContentNotFoundException e) {
        asker = Optional.empty();
      } catch (SourceFailedException e) {
        if (!Sources.isFinal(e)) {
          throw e;
        }
        asker = Optional.empty();
      }
    }
    // A URL that works once, or for a while, is no reason to throw away what it gave.
    log.warn(
        "task {}: the source does not say any more whether it has changed meanwhile",
        stored.task().id().brief());
  }

  private SourceVersion ask(Access access, SourceRequest probe) throws IOException {
    try {
      SourceVersion answer = calls.run(() -> source(access).ask(probe));
      around.listener().asked(Optional.empty());
      return answer;
    } catch (IOException | RuntimeException e) {
      around.listener().asked(Optional.of(e));
      throw e;
    }
  }

  /** Closes what was open from the beginning; {@link #read} asks for it again. */
  void letGo() {
    close(takeOpened());
  }

  /** Ends a read that is on its way, and all that would come. */
  void end() {
    Closeable open;
    Closeable unused;
    synchronized (this) {
      ended = true;
      notifyAll();
      open = current;
      unused = opened;
      opened = null;
    }
    calls.end();
    close(open);
    close(unused);
  }

  private boolean isLengthKnown() {
    return stored.task().layout().isLengthKnown();
  }

  private boolean isLastSealed(BitSet pieces) {
    PieceLayout layout = stored.task().layout();
    return layout.isLengthKnown() && pieces.get(layout.pieces() - 1);
  }

  /** Tells whether the version can be told from others, or the content's digest decides anyway. */
  static boolean isRepeatable(Task task) {
    return task.version().isStrong() || task.digest().isPresent();
  }

  /**
   * Returns the bytes from the first missing piece to the last missing one, as long as there are no
   * more than {@link #READ_OVER_BYTES} between two of them that are there.
   */
  private ByteRange gap(BitSet pieces, int first) {
    PieceLayout layout = stored.task().layout();
    int end = first; // behind the last missing piece so far
    int missing = first;
    while (missing < layout.pieces()
        && (long) (missing - end) * layout.pieceLength() <= READ_OVER_BYTES) {
      int next = pieces.nextSetBit(missing);
      end = next < 0 ? layout.pieces() : Math.min(next, layout.pieces());
      missing = pieces.nextClearBit(end);
    }
    return ByteRange.of(layout.range(first).start(), layout.range(end - 1).end());
  }

  private SourceContent whole(Access access) throws IOException {
    SourceContent content = takeOpened();
    if (content == null) {
      SourceRequest request = request(access);
      content = calls.run(() -> source(access).open(request));
      try {
        checkSame(content.version());
      } catch (SourceChangedException e) {
        content.close();
        throw e;
      }
    }
    use(content);
    return content;
  }

  private @Nullable SourceContent takeOpened() {
    synchronized (this) {
      SourceContent content = opened;
      opened = null;
      return content;
    }
  }

  private InputStream part(Access access, ByteRange gap) throws IOException {
    Task task = stored.task();
    // One blob may come from servers that each have validators of their own. Its digest decides.
    SourceVersion version =
        task.digest().isPresent()
            ? new SourceVersion(Optional.empty(), task.version().length())
            : task.version();
    SourceRequest request = request(access);
    log.info("task {}: going on at byte {}", task.id().brief(), gap.start());
    InputStream in = calls.run(() -> source(access).open(request, version, gap));
    use(in);
    return in;
  }

  private Source source(Access access) {
    return around.sources().of(access.content());
  }

  private SourceRequest request(Access access) {
    return new SourceRequest(
        access.content(), around.settings().stallTimeout(), access.requester());
  }

  private void checkSame(SourceVersion now) {
    Task task = stored.task();
    SourceVersion then = task.version();
    boolean sameLength =
        then.length().equals(now.length()) || (isRepeatable(task) && isEitherUnknown(then, now));
    if (!sameLength || !(task.digest().isPresent() || then.admits(now))) {
      throw new SourceChangedException(
          "The source of task %s has changed since it was asked. Ask again."
              .formatted(task.id().brief()));
    }
  }

  private static boolean isEitherUnknown(SourceVersion one, SourceVersion other) {
    return one.length().isEmpty() || other.length().isEmpty();
  }

  private void copy(
      InputStream in, PieceLine line, OptionalLong end, Access access, Progress progress)
      throws IOException {
    try (in) {
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int count = next(in, buffer); count >= 0; count = next(in, buffer)) {
        progress.came(count);
        if (isEnded()) {
          return;
        }
        if (end.isPresent() && count > end.getAsLong() - line.offset()) {
          throw new IOException("the source brought more than it had said");
        }
        line.accept(buffer, count);
        if (line.offset() > furthest) {
          furthest = line.offset();
          progress.further();
        }
      }
      if (!isEnded() && line.end(end)) {
        finish(line, access);
      }
    } finally {
      forgetCurrent();
      line.close(line == unconfirmed);
    }
  }

  /** Reads the next bytes, after the pause that the last ones ask for. */
  private int next(InputStream in, byte[] buffer) throws IOException {
    await(pauseNanos);
    int count = in.read(buffer, 0, around.portion().bytes());
    if (count > 0) {
      around.listener().read(stored.task().id(), count);
    }
    pauseNanos = count < 0 ? 0 : limiter().take(count);
    around.portion().paused(pauseNanos);
    return count;
  }

  private RateLimiter limiter() {
    return around.settings().limiter();
  }

  /** Pauses, until the read is ended; less if the limit is raised meanwhile. */
  private void await(long nanos) throws IOException {
    long end = System.nanoTime() + nanos;
    for (long left = nanos; left > 0 && !isEnded(); ) {
      awaitEnd(Math.min(left, LOOK_EVERY.toNanos()));
      left = Math.min(end - System.nanoTime(), limiter().take(0));
    }
  }

  private synchronized void awaitEnd(long nanos) throws IOException {
    if (!ended) {
      try {
        TimeUnit.NANOSECONDS.timedWait(this, nanos);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("the read was interrupted");
      }
    }
  }

  private void use(Closeable open) {
    boolean late;
    synchronized (this) {
      current = open;
      late = ended;
    }
    if (late) {
      close(open);
    }
  }

  private synchronized void forgetCurrent() {
    current = null;
  }

  private synchronized boolean isEnded() {
    return ended;
  }

  private static void close(@Nullable Closeable open) {
    if (open == null) {
      return;
    }
    try {
      open.close();
    } catch (IOException e) {
      log.debug("closing a source's stream failed: {}", e.toString());
    }
  }
}
