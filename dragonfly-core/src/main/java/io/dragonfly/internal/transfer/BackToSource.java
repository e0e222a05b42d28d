package io.dragonfly.internal.transfer;

import io.dragonfly.error.DistributionException;
import io.dragonfly.internal.transfer.intake.DownloadContext;
import io.dragonfly.internal.transfer.source.RunningDigest;
import io.dragonfly.internal.transfer.source.SourceReading;
import io.dragonfly.internal.transfer.source.SourceWork;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceSpan;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Reads the missing pieces of one task from its source, one reading at a time. Confined to the
 * loop, except where {@link SourceWork} says otherwise.
 */
final class BackToSource {
  private final Parts parts;
  private final DownloadContext lane;
  private final PieceTable table;
  private final DigestList digests;
  private final Owner owner;
  private final Optional<RunningDigest> whole;
  private @Nullable Reading reading;

  /** Who wants the pieces. */
  interface Owner {
    /** Returns the next pieces to read, whose first is not asked of anybody; may be empty. */
    PieceSpan nextRun();

    /** Tells whether more pieces will be wanted once the reader of a stream has moved on. */
    boolean wantsMoreLater();

    /** A piece was read. */
    void read(int piece, long nanos);

    /** The source failed and is asked again. */
    void retried(DistributionException failure);

    /** The content ended: this is its length. Completes when the store knows. */
    CompletableFuture<Void> lengthLearned(long length);

    /** A reading has ended, since there was nothing more to read; that may have changed since. */
    void readingEnded();

    /** The source cannot be read any longer. */
    void sourceFailed(DistributionException failure);
  }

  BackToSource(
      Parts parts,
      DownloadContext lane,
      PieceTable table,
      DigestList digests,
      Owner owner,
      Optional<Digest> digest) {
    this.parts = parts;
    this.lane = lane;
    this.table = table;
    this.digests = digests;
    this.owner = owner;
    this.whole = digest.map(d -> new RunningDigest(d.algorithm()));
  }

  /** Returns the digest of all that was read, if it was read in one go from the beginning. */
  Optional<Digest> wholeDigest(long length) {
    return whole.flatMap(running -> running.of(length));
  }

  boolean isReading() {
    return reading != null;
  }

  /** Starts to read, unless that goes on already. */
  void start(SourceReading.Opening opening) {
    if (reading == null) {
      Reading started = new Reading();
      reading = started;
      Duration patience = parts.times().sourceGiveUp();
      started.work =
          new SourceReading(lane, parts.io(), opening, started, whole, patience, parts.random());
      started.work.start();
    }
  }

  /** There may be other pieces to read than before. */
  void wantedChanged() {
    if (reading != null) {
      reading.answer();
    }
  }

  /** Stops at the next piece's end: somebody else brings the rest. */
  void stopSoon() {
    if (reading != null) {
      reading.stopping = true;
      reading.answer();
    }
  }

  /** Stops at once. */
  void cancel() {
    if (reading != null) {
      Reading ended = reading;
      reading = null;
      ended.cancel();
    }
  }

  private final class Reading implements SourceWork {
    private @Nullable SourceReading work;
    private @Nullable CompletableFuture<PieceSpan> asking;
    private int asked = -1;
    private boolean stopping;

    @Override
    public CompletableFuture<PieceSpan> next() {
      CompletableFuture<PieceSpan> future = new CompletableFuture<>();
      parts
          .loop()
          .execute(
              () -> {
                asking = future;
                answer();
              });
      return future;
    }

    private void answer() {
      CompletableFuture<PieceSpan> probe = asking;
      if (probe == null || reading != this) {
        return;
      }
      PieceSpan run = stopping ? PieceSpan.NONE : owner.nextRun();
      if (run.isEmpty() && !stopping && owner.wantsMoreLater()) {
        return;
      }
      asking = null;
      if (!run.isEmpty()) {
        asked = run.first();
        table.ask(asked);
      }
      probe.complete(run);
    }

    @Override
    public Optional<Digest> digest(int piece) {
      return digests.digest(piece);
    }

    @Override
    public void received(int bytes) {
      lane.onBytes().accept(bytes);
    }

    @Override
    public void sealed(int piece, long nanos) {
      onLoop(
          () -> {
            asked = -1;
            owner.read(piece, nanos);
          });
    }

    @Override
    public void retried(DistributionException failure) {
      onLoop(() -> owner.retried(failure));
    }

    @Override
    public CompletableFuture<Void> learned(long length) {
      CompletableFuture<Void> known = new CompletableFuture<>();
      onLoop(
          () -> {
            if (asked >= 0) {
              table.giveBack(asked); // it may lie behind the end
            }
            parts
                .loop()
                .when(
                    owner.lengthLearned(length),
                    done -> known.complete(null),
                    known::completeExceptionally);
          });
      return known;
    }

    @Override
    public void ended(Optional<DistributionException> failure) {
      onLoop(
          () -> {
            giveBack();
            reading = null;
            failure.ifPresentOrElse(owner::sourceFailed, owner::readingEnded);
          });
    }

    private void onLoop(Runnable event) {
      parts
          .loop()
          .execute(
              () -> {
                if (reading == this) {
                  event.run();
                }
              });
    }

    private void giveBack() {
      if (asked >= 0) {
        table.giveBack(asked);
        asked = -1;
      }
    }

    private void cancel() {
      giveBack();
      if (work != null) {
        work.cancel();
      }
    }
  }
}
