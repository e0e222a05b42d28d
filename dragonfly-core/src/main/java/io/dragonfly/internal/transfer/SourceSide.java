package io.dragonfly.internal.transfer;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.ErrorKind;
import io.dragonfly.fetch.FetchMode;
import io.dragonfly.internal.transfer.intake.DownloadContext;
import io.dragonfly.internal.transfer.source.SourceReading;
import io.dragonfly.spi.Requester;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A download's side towards the source: when it is read, and with whose credentials. */
final class SourceSide implements BackToSource.Owner {
  private static final Logger LOG = LoggerFactory.getLogger(SourceSide.class);

  private final Parts parts;
  private final Download download;
  private final BackToSource reading;
  private Optional<SourceContent> begun = Optional.empty();

  /** Whether to read once more when the reading that is ending has ended. */
  private boolean again;

  /** Whether the reading is for fetches that ask for the source, and the swarm may bring more. */
  private boolean whileSwarmIsSilent;

  SourceSide(Parts parts, DownloadContext lane, Download download) {
    this.parts = parts;
    this.download = download;
    this.reading =
        new BackToSource(
            parts, lane, download.table(), download.digests(), this, download.task().digest());
  }

  /**
   * Tells whether what the source gives cannot be another version than what others gave: it can be
   * told by its validator, by the content's digest, or by those of all pieces.
   */
  boolean isSafe() {
    PieceLayout layout = download.table().layout();
    return download.task().version().isStrong()
        || download.task().digest().isPresent()
        || (layout.isLengthKnown() && download.digests().count() == layout.pieces());
  }

  /** Reads what is missing, and tells the fetches why. */
  void read(String reason) {
    whileSwarmIsSilent = false;
    if (reading.isReading()) {
      again = true; // it may be just about to end
      return;
    }
    LOG.info("Task {} is read from its source: {}", download.task().id().brief(), reason);
    download.demand().fetches().stream()
        .filter(RunningFetch::isCollecting)
        .forEach(fetch -> parts.listener().backToSource(fetch.request(), reason));
    start();
  }

  /**
   * Reads, beside the swarm, for fetches that ask for the source itself: they have been let down by
   * the swarm. It ends when the swarm brings pieces again.
   */
  void readForWhoAsks() {
    if (download.swarm().isMember()
        && !download.isOver()
        && !reading.isReading()
        && download.demand().asksForSource()) {
      read("the swarm has brought nothing for a while");
      whileSwarmIsSilent = true;
    }
  }

  /** The swarm has brought a piece. */
  void swarmDelivers() {
    if (whileSwarmIsSilent) {
      whileSwarmIsSilent = false;
      reading.stopSoon();
    }
  }

  /** Takes over an answer of the source that has been opened already, to read it first. */
  void offer(SourceContent content) {
    letGo();
    begun = Optional.of(content);
  }

  /** Reads what is missing if there is nobody else who brings it. */
  void readIfAlone() {
    if (!download.swarm().isMember() && !download.isOver() && !reading.isReading()) {
      if (download.demand().isIncomplete()) {
        start();
      } else {
        letGo();
      }
    }
  }

  private void start() {
    ContentRequest content = download.credentials().orElse(null);
    if (content == null) {
      return;
    }
    boolean byRange = isSafe() && download.table().layout().isLengthKnown();
    reading.start(
        new SourceReading.Opening(
            () -> parts.sources().apply(String.valueOf(content.url().getScheme())),
            new SourceRequest(content, parts.times().sourceStall(), Requester.THIS_PROCESS),
            byRange,
            begun));
    begun = Optional.empty();
  }

  private void letGo() {
    begun.ifPresent(content -> parts.io().execute(() -> close(content)));
    begun = Optional.empty();
  }

  private static void close(SourceContent content) {
    try {
      content.close();
    } catch (IOException e) {
      LOG.debug("Closing a source's stream failed", e);
    }
  }

  void wantedChanged() {
    reading.wantedChanged();
    readIfAlone();
  }

  void stopSoon() {
    again = false;
    reading.stopSoon();
  }

  void close() {
    reading.cancel();
    letGo();
  }

  Optional<Digest> wholeDigest(long length) {
    return reading.wholeDigest(length);
  }

  @Override
  public PieceSpan nextRun() {
    return download.demand().nextRun();
  }

  @Override
  public boolean wantsMoreLater() {
    return download.demand().isIncomplete();
  }

  @Override
  public void retried(DistributionException failure) {
    download.sourceRetried(failure);
  }

  @Override
  public void read(int piece, long nanos) {
    long bytes = download.table().layout().range(piece).length();
    parts.listener().pieceRead(download.task(), piece, bytes, nanos);
    download.pieceDone(piece, new PieceOrigin(PieceOrigin.Kind.SOURCE, Optional.empty(), nanos));
    download
        .swarm()
        .report(new PieceResult(piece, download.swarm().self(), Outcome.DONE, nanos / 1000));
  }

  @Override
  public CompletableFuture<Void> lengthLearned(long length) {
    return download.lengthLearned(length);
  }

  @Override
  public void readingEnded() {
    if (again) {
      again = false;
      start();
    } else {
      readIfAlone();
    }
  }

  @Override
  public void sourceFailed(DistributionException failure) {
    if (whileSwarmIsSilent) {
      whileSwarmIsSilent = false;
      download.demand().fetches().stream()
          .filter(fetch -> fetch.request().pattern() == FetchMode.SOURCE)
          .forEach(fetch -> download.owner().ended(fetch, failure)); // the swarm may go on
      return;
    }
    boolean oneUsersOwn =
        failure.kind() == ErrorKind.ACCESS_REFUSED || failure.kind() == ErrorKind.NOT_FOUND;
    if (oneUsersOwn && download.demand().fetches().size() > 1) {
      download
          .demand()
          .credentialHolder()
          .ifPresent(fetch -> download.owner().ended(fetch, failure));
      readIfAlone();
    } else {
      download.fail(failure);
    }
  }
}
