package io.dragonfly.internal.transfer.source;

import io.dragonfly.error.DistributionException;
import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.error.StorageException;
import io.dragonfly.internal.loop.Backoff;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.loop.IoThreads;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.internal.transfer.intake.DownloadContext;
import io.dragonfly.internal.transfer.intake.PieceIntake;
import io.dragonfly.internal.transfer.intake.Throttle;
import io.dragonfly.spi.AdaptiveQuantum;
import io.dragonfly.spi.Source;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads pieces of one task from its source, on a thread of its own: in order, again after failures,
 * from the byte that was reached. {@link #cancel} may be called from any thread.
 */
public final class SourceReading {
  private static final Logger LOG = LoggerFactory.getLogger(SourceReading.class);

  /** Of a source that has given nothing yet: then somebody may have another one. */
  private static final int MOST_TRIES = 5;

  /** A source that wants to be left alone for longer than this is given up. */
  public static final Duration LONGEST_RETRY_AFTER = Duration.ofSeconds(30);

  private static final int READ_BYTES = 256 << 10;

  private final EventLoop loop;
  private final IoThreads io;
  private final DownloadContext lane;
  private final SourceWork work;
  private final SourceStream stream;
  private final SourceRequest request;
  private final boolean byRange;
  private final Optional<RunningDigest> whole;
  private final long patienceNanos;
  private final Backoff backoff;
  private final byte[] buffer = new byte[READ_BYTES];
  private final AdaptiveQuantum portion = new AdaptiveQuantum(READ_BYTES);

  /** The furthest byte that was ever read; bytes that come again are no progress. */
  private long furthest;

  /** When it failed for the first time since something came: active time. */
  private long failingSince;

  private volatile boolean cancelled;
  private volatile @Nullable Future<?> thread;
  private volatile @Nullable PieceIntake intake;

  /**
   * How a source is read.
   *
   * @param source finds the source, or makes it; asked by the reading's thread
   * @param request what is asked, with credentials
   * @param byRange whether ranges are safe to read: the version can be told from others, or wrong
   *     bytes will be found out
   * @param begun the whole content, if it has been opened already
   */
  public record Opening(
      Supplier<Source> source,
      SourceRequest request,
      boolean byRange,
      Optional<SourceContent> begun) {}

  /**
   * A reading that is not started.
   *
   * @param whole hashes what is read, if the content has a digest of its own
   * @param patience for how long a source that has given something is asked again and again: it may
   *     be started again
   */
  public SourceReading(
      DownloadContext lane,
      IoThreads io,
      Opening opening,
      SourceWork work,
      Optional<RunningDigest> whole,
      Duration patience,
      DoubleSupplier random) {
    this.loop = lane.engine().loop();
    this.io = io;
    this.lane = lane;
    this.work = work;
    this.whole = whole;
    this.patienceNanos = Timers.nanosOf(patience);
    this.backoff = new Backoff(Duration.ofMillis(200), Duration.ofSeconds(5), random);
    this.request = opening.request();
    this.byRange = opening.byRange();
    this.stream =
        new SourceStream(
            opening.source(),
            opening.request(),
            lane.stored(),
            opening.byRange(),
            opening.begun().orElse(null));
  }

  /** Starts to read. */
  public void start() {
    thread = io.interruptibly(this::run);
  }

  /** Ends the reading, also in the middle of a piece. Says nothing to the work. */
  public void cancel() {
    cancelled = true;
    abandon(); // from here on somebody else may bring the piece
    Future<?> running = thread;
    if (running != null) {
      running.cancel(true);
    }
    // Its close may wait for the source.
    io.execute(stream::close);
  }

  private void abandon() {
    PieceIntake left = intake;
    if (left != null) {
      left.abandon();
    }
  }

  private void run() {
    Optional<DistributionException> failure = Optional.empty();
    try {
      for (PieceSpan next = await(work.next()); !next.isEmpty(); next = await(work.next())) {
        read(next);
      }
    } catch (DistributionException e) {
      failure = Optional.of(e);
    } catch (InterruptedException e) {
      LOG.debug("A reading was ended");
    } catch (IOException | RuntimeException e) {
      failure = Optional.of(asFailure(e));
    } catch (Error e) { // such as a class that a source lacks: callers wait for the result
      LOG.error("Reading {} failed", request.content().displayUrl(), e);
      failure = Optional.of(asFailure(new IOException("the source fails: " + e, e)));
    } finally {
      stream.close();
      abandon();
    }
    if (!cancelled) {
      work.ended(failure);
    }
  }

  /** Reads the first piece of a run; the run says how far a connection is worth opening. */
  private void read(PieceSpan run) throws IOException, InterruptedException {
    int piece = run.first();
    PieceLayout layout = lane.stored().task().layout();
    long startNanos = loop.nanos();
    long start = layout.range(piece).start();
    ByteRange reach =
        layout.isLengthKnown()
            ? new ByteRange(start, layout.range(Math.min(run.end(), layout.pieces()) - 1).end())
            : ByteRange.from(start);
    PieceIntake into = begin(piece);
    while (true) {
      try {
        stream.moveTo(reach.startingAt(start + into.received()));
        boolean more = fill(into, start);
        seal(piece, into, more);
        intake = null;
        if (into.received() > 0) {
          work.sealed(piece, loop.nanos() - startNanos);
        }
        return;
      } catch (IOException | DistributionException e) {
        pauseAfter(e);
        if (!byRange) {
          // It begins anew at the beginning of the content and stops at a piece's, not within.
          into.abandon();
          into = begin(piece);
        }
      }
    }
  }

  private PieceIntake begin(int piece) throws InterruptedException {
    PieceIntake into = lane.intake(piece);
    intake = into;
    if (cancelled) {
      throw new InterruptedException("cancelled"); // seen too late to be abandoned by that
    }
    return into;
  }

  /** Reads up to the piece's end and returns whether the content may go on there. */
  private boolean fill(PieceIntake into, long start) throws IOException, InterruptedException {
    while (into.missing() > 0) {
      int count = stream.read(buffer, (int) Math.min(portion.bytes(), into.missing()));
      if (count < 0) {
        if (lane.stored().task().layout().isLengthKnown()) {
          throw new EOFException("the source's answer ended too early");
        }
        return false;
      }
      long offset = start + into.received();
      if (byRange || offset + count > furthest) { // else it is read again to get further
        furthest = Math.max(furthest, offset + count);
        backoff.reset();
        work.received(count);
      }
      whole.ifPresent(digest -> digest.add(offset, ByteBuffer.wrap(buffer, 0, count)));
      into.add(ByteBuffer.wrap(buffer, 0, count));
      slowDown(into, count);
    }
    return true;
  }

  private void slowDown(PieceIntake into, int bytes) throws InterruptedException {
    long nanos = lane.throttle().take(bytes, true);
    portion.paused(nanos);
    if (nanos > 0) {
      Throttle.Pause pause = lane.throttle().new Pause(nanos, true, loop.nanos());
      for (Duration left = pause.left(loop.nanos());
          !left.isZero();
          left = pause.left(loop.nanos())) {
        pause(left);
        work.received(0);
      }
    }
    while (lane.engine().pool().isEmpty()) {
      into.flush();
      await(lane.engine().pool().room(lane.stored().task().id()));
    }
  }

  private void seal(int piece, PieceIntake into, boolean more) throws InterruptedException {
    Digest digest = into.finish();
    Optional<Digest> expected = work.digest(piece);
    if (expected.isPresent() && !expected.get().equals(digest)) {
      throw new SourceChangedException(
          "Piece %d of task %s has other bytes at its source than its supernode read. Fetch it again."
              .formatted(piece, lane.stored().task().id().brief()));
    }
    if (!more) {
      long start = lane.stored().task().layout().range(piece).start();
      await(work.learned(start + into.received()));
    }
    if (into.received() > 0) {
      await(into.seal(digest));
    } else {
      into.abandon();
    }
  }

  private void pauseAfter(Exception e) throws InterruptedException {
    if (cancelled) {
      throw new InterruptedException("cancelled");
    }
    DistributionException failure = asFailure(e);
    if (!isWorthARetry(failure)) {
      throw failure;
    }
    if (backoff.tries() == 0) {
      failingSince = loop.activeNanos();
    }
    Duration pause = backoff.next();
    if (failure instanceof SourceFailedException answer && answer.retryAfter().isPresent()) {
      Duration wanted = answer.retryAfter().get();
      if (wanted.compareTo(LONGEST_RETRY_AFTER) > 0) {
        throw failure;
      }
      pause = wanted.compareTo(pause) > 0 ? wanted : pause;
    }
    if (isGivenUp(pause)) {
      throw failure;
    }
    LOG.info(
        "Task {}: {} Trying again in {} ms.",
        lane.stored().task().id().brief(),
        failure.getMessage(),
        pause.toMillis());
    work.retried(failure);
    stream.drop();
    pause(pause);
  }

  private boolean isGivenUp(Duration pause) {
    boolean mayWait = furthest > 0 && byRange; // else all before it would be read each time
    long nextNanos = loop.activeNanos() + pause.toNanos();
    return backoff.tries() >= MOST_TRIES && !(mayWait && nextNanos - failingSince < patienceNanos);
  }

  /** Tells whether the same question may have a better answer a little later. */
  public static boolean isWorthARetry(DistributionException failure) {
    if (!(failure instanceof SourceFailedException answer)) {
      return false;
    }
    int status = answer.status().orElse(0);
    return status == 0 || status == 408 || status == 429 || status >= 500;
  }

  private DistributionException asFailure(Exception e) {
    return SourceFailures.asFailure(request.content(), e);
  }

  private void pause(Duration pause) throws InterruptedException {
    CompletableFuture<Void> over = new CompletableFuture<>();
    Timers.Timer timer = loop.after(pause, () -> over.complete(null));
    try {
      await(over);
    } finally {
      timer.cancel();
    }
  }

  /** Waits for something of our own, which always comes unless this reading is cancelled. */
  private static <T> T await(CompletableFuture<T> future) throws InterruptedException {
    try {
      return future.get();
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      if (cause instanceof DistributionException typed) {
        throw typed;
      }
      throw new StorageException("The store in the home directory fails: " + cause, cause);
    }
  }
}
