package io.dragonfly.internal.cdn;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.control.Queued;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.NoSpaceException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.internal.queue.Job;
import io.dragonfly.internal.storage.Eviction;
import io.dragonfly.spi.AdaptiveQuantum;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.spi.StoredTask;
import java.io.IOException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads one task from its source until all is there: QUEUED for a thread, RUNNING on it, PAUSED
 * after a failure that may pass, then QUEUED again, and OVER for good. Only RUNNING holds a thread.
 * What has run before is QUEUED before what has not.
 */
final class SourceDownload implements SourceStretch.Progress {
  private static final Logger log = LoggerFactory.getLogger(SourceDownload.class);

  /** So many failures in a row are nothing that those who wait need to hear of. */
  private static final int SILENT_FAILURES = 2;

  private static final Duration ROOM_PAUSE = Duration.ofSeconds(1);

  private final Surroundings around;
  private final Owner owner;
  private final SourceStretch stretch;

  // What follows belongs to the thread that runs the read, one at a time.
  private final Set<String> refused = new HashSet<>();
  private StoredTask stored;
  private Optional<RelayBuffer> ring;
  private Access access;
  private long lastProgress;
  private int failures;
  private int timesFreed;

  /** What waits for a thread, or has waited last. */
  private volatile Job<HostShares.Line> job;

  private volatile State state = State.PAUSED;

  /** When the last byte came, or the source was asked. */
  private volatile long lastByteNanos;

  @GuardedBy("this")
  private boolean stopped;

  @GuardedBy("this")
  private @Nullable Future<?> pause;

  private enum State {
    QUEUED,
    RUNNING,
    PAUSED
  }

  /**
   * What a read needs.
   *
   * @param threads run the reads
   * @param portion how much each of them reads between two questions to the limiter. All have the
   *     same, since a client that reads more at once gets more of the limit
   * @param buffers for what is written behind them
   * @param timer ends pauses
   * @param eviction frees space where the disk runs full in the middle
   */
  record Surroundings(
      Sources sources,
      CdnListener listener,
      CdnSettings settings,
      HostShares threads,
      AdaptiveQuantum portion,
      WriteBehind.Buffers buffers,
      ScheduledExecutorService timer,
      LongSupplier activeNanos,
      Eviction eviction) {}

  /** Whose task is read. */
  interface Owner {
    /** Is told once how the read ended; empty if all is there, or it was stopped. */
    void ended(Optional<DistributionException> failure);

    /** The disk is full in the middle: returns where the rest can be kept, if there is memory. */
    Optional<RelayBuffer> passOn(NoSpaceException lacking, Optional<WholeDigest> whole);
  }

  /**
   * A read that has not started.
   *
   * @param ring where the pieces go if they have no place on the disk
   * @param opened the content from its beginning, if it is open already; the read closes it
   */
  SourceDownload(
      StoredTask stored,
      Optional<RelayBuffer> ring,
      Access access,
      Optional<SourceContent> opened,
      Surroundings around,
      Owner owner) {
    this.stored = stored;
    this.ring = ring;
    this.access = access;
    this.around = around;
    this.owner = owner;
    Optional<WholeDigest> whole =
        ring.isPresent() ? ring.get().whole() : stored.task().digest().map(WholeDigest::new);
    this.stretch = new SourceStretch(stored, ring.isEmpty(), whole, opened, this::goOn, around);
    this.job = new Job<>(line(), this::run);
    this.lastProgress = around.activeNanos().getAsLong();
  }

  private Optional<StoredTask> goOn(NoSpaceException lacking, Optional<WholeDigest> whole) {
    if (ring.isPresent()) {
      return Optional.empty();
    }
    ring = owner.passOn(lacking, whole);
    ring.ifPresent(pieces -> stored = pieces.reading());
    return ring.map(RelayBuffer::reading);
  }

  /** Waits in line for a thread. */
  void start() {
    start(false);
  }

  private void start(boolean hasRun) {
    try {
      job = new Job<>(line(), this::run);
      state = State.QUEUED;
      if (!around.threads().execute(job, hasRun)
          && job.key().size() == HostShares.Size.LARGE
          && SourceStretch.isRepeatable(stored.task())) {
        // The system would read on what is open, up to tens of MiB, and those who have their turn
        // would get that much less.
        stretch.letGo();
      }
    } catch (RejectedExecutionException e) {
      over(Optional.empty()); // this process is stopping
    } catch (Error e) {
      over(Optional.of(failed(e)));
    }
  }

  private HostShares.Line line() {
    String host = String.valueOf(access.content().url().getRawAuthority()).toLowerCase(Locale.ROOT);
    long length = stored.task().layout().length().orElse(Long.MAX_VALUE);
    return new HostShares.Line(host, HostShares.Size.of(length));
  }

  /**
   * Returns what the read waits for: others that come first, or a source that is slow. Empty if the
   * source has been silent for its stall time, or has failed.
   */
  Optional<Queued> queued() {
    return switch (state) {
      case QUEUED ->
          around
              .threads()
              .place(job)
              .or(() -> Optional.of(Queued.of(Queued.Reason.SOURCE))); // it waits for a thread
      case RUNNING -> {
        long idle = around.activeNanos().getAsLong() - lastByteNanos;
        yield idle < around.settings().stallTimeout().toNanos()
            ? Optional.of(Queued.of(Queued.Reason.SOURCE))
            : Optional.empty();
      }
      case PAUSED -> Optional.empty();
    };
  }

  /** Ends the read soon, with what is there. */
  void stop() {
    Future<?> paused;
    synchronized (this) {
      stopped = true;
      paused = pause;
      pause = null;
    }
    stretch.end();
    if (paused != null) {
      paused.cancel(false); // should it be too late, resume() sees that the read was stopped
      over(Optional.empty());
    }
  }

  private synchronized boolean isStopped() {
    return stopped;
  }

  private void run() {
    if (failures == 0) {
      lastByteNanos = around.activeNanos().getAsLong();
    }
    state = State.RUNNING;
    Optional<DistributionException> failure = Optional.empty();
    try {
      if (!isStopped() && !isComplete() && ring.isEmpty()) {
        around.eviction().create(stored.task()); // its room may have been given up
      }
      noteUrl();
      if (ring.filter(pieces -> !pieces.hasRoom()).isPresent() && pauseForRoom()) {
        return; // the source is not asked before there is room for its answer
      }
      while (!isStopped() && !isComplete()) {
        stretch.read(access, this);
      }
    } catch (AccessRefusedException e) {
      if (goOnWithOtherAccess()) {
        return;
      }
      failure = Optional.of(e);
    } catch (SourceFailedException e) {
      if (pauseAfter(e, e.retryAfter(), Sources.isFinal(e))) {
        return;
      }
      failure = Optional.of(e);
    } catch (RelayBuffer.NoRoomException e) {
      if (pauseForRoom()) {
        return;
      }
    } catch (NoSpaceException e) {
      if (goOnWithMoreRoom(e)) {
        return;
      }
      failure = Optional.of(e);
    } catch (DistributionException e) {
      failure = Optional.of(e);
    } catch (IOException e) {
      if (pauseAfter(e, Optional.empty(), false)) {
        return;
      }
      failure = Optional.of(failed(e));
    } catch (RuntimeException | Error e) {
      // Errors, too, such as a class that a source lacks: callers wait for the result.
      log.error("reading task {} failed unexpectedly", stored.task().id().brief(), e);
      failure = Optional.of(failed(e));
    }
    over(isStopped() ? Optional.empty() : failure);
  }

  private void noteUrl() {
    try {
      stored.readFrom(access.content().displayUrl());
    } catch (IOException e) {
      log.warn("task {}: its URL is not recorded: {}", stored.task().id().brief(), e.toString());
    }
  }

  private boolean isComplete() {
    return CdnTask.isComplete(stored);
  }

  @Override
  public void came(int bytes) {
    lastByteNanos = around.activeNanos().getAsLong();
    around.threads().came(job.key(), bytes);
  }

  @Override
  public void further() {
    lastProgress = around.activeNanos().getAsLong();
    failures = 0;
    timesFreed = 0;
  }

  private boolean goOnWithOtherAccess() {
    refused.add(access.fingerprint());
    Optional<Access> other = around.listener().access(stored.task().id(), Set.copyOf(refused));
    if (isStopped() || other.isEmpty()) {
      return false;
    }
    log.info("task {}: access ended, going on with another peer's", stored.task().id().brief());
    access = other.get();
    start(true);
    return true;
  }

  private boolean goOnWithMoreRoom(NoSpaceException e) {
    if (isStopped()) {
      return false;
    }
    timesFreed++;
    if (around.eviction().free(stored.task().id(), e, timesFreed)) {
      start(true);
      return true;
    }
    // Its bytes were given up, but those who hold it go on giving it meanwhile.
    return stored.digest(0).isPresent() && !stored.has(0) && pauseAfter(e, Optional.empty(), false);
  }

  private boolean pauseAfter(Exception e, Optional<Duration> retryAfter, boolean isFinal) {
    if (isStopped()) {
      return false;
    }
    long millis =
        Math.min(
            around.settings().longestPause().toMillis(),
            around.settings().firstPause().toMillis() << Math.min(failures, 20));
    Duration length =
        Duration.ofMillis(Math.max(millis, retryAfter.orElse(Duration.ZERO).toMillis()));
    failures++;
    long idle = around.activeNanos().getAsLong() - lastProgress;
    if (isFinal || idle + length.toNanos() > around.settings().giveUp().toNanos()) {
      return false;
    }
    log.warn(
        "task {}: read broke off, going on in {} ms: {}",
        stored.task().id().brief(),
        length.toMillis(),
        e.toString());
    around.listener().brokeOff(stored.task().id());
    if (failures > SILENT_FAILURES) {
      around.listener().retried(stored.task().id(), passing(e));
    }
    return pause(length);
  }

  /** It is the peers that get no further, not the source. */
  private boolean pauseForRoom() {
    lastProgress = around.activeNanos().getAsLong();
    return pause(ROOM_PAUSE);
  }

  private boolean pause(Duration length) {
    state = State.PAUSED;
    synchronized (this) {
      if (stopped) {
        return false;
      }
      try {
        pause = around.timer().schedule(this::resume, length.toMillis(), TimeUnit.MILLISECONDS);
        return true;
      } catch (RejectedExecutionException stopping) {
        return false;
      }
    }
  }

  private void resume() {
    synchronized (this) {
      if (stopped) {
        return; // stop() came in the pause and has seen to the rest
      }
      pause = null;
    }
    start(true);
  }

  private SourceFailedException passing(Exception e) {
    return e instanceof SourceFailedException failed
        ? failed
        : new SourceFailedException(String.valueOf(e.getMessage()), e);
  }

  private SourceFailedException failed(Throwable e) {
    return new SourceFailedException(
        "Reading %s failed: %s. Try again later."
            .formatted(access.content().displayUrl(), e.getMessage()),
        e);
  }

  private void over(Optional<DistributionException> failure) {
    stretch.end();
    owner.ended(failure);
  }
}
