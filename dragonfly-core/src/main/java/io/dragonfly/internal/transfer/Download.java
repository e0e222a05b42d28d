package io.dragonfly.internal.transfer;

import io.dragonfly.control.Outcome;
import io.dragonfly.control.PieceResult;
import io.dragonfly.control.Queued;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.FetchCancelledException;
import io.dragonfly.error.StorageException;
import io.dragonfly.internal.transfer.intake.DownloadContext;
import io.dragonfly.internal.transfer.intake.Throttle;
import io.dragonfly.internal.transfer.output.StreamFeed;
import io.dragonfly.internal.transfer.swarm.Pushed;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Digest;
import io.dragonfly.task.Task;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One task on its way into the store, for all fetches that want it: which pieces are there and
 * where they came from, and who is served by that. Pieces come from the {@link Swarm} and the
 * {@link BackToSource source}. Confined to the loop.
 */
final class Download {
  private static final Logger LOG = LoggerFactory.getLogger(Download.class);

  private final Parts parts;
  private final StoredTask stored;
  private final Downloads downloads;
  private final PieceTable table;
  private final DigestList digests = new DigestList();
  private final Demand demand;
  private final RateLimiter limiter;
  private final Swarm swarm;
  private final SourceSide source;
  private final Finishing finishing;
  private final StallMeter stalls;
  private final Map<Integer, PieceOrigin> origins = new HashMap<>();

  /**
   * The digests of the pieces that are there and that nobody has proved. They are sealed when they
   * are proved, or when the whole file is about to be verified; till then nobody else sees them,
   * nor does a later process.
   */
  private final Map<Integer, Digest> unproven = new HashMap<>();

  private int piecesFromSource;
  private boolean over;
  private boolean wasWaiting;
  private final LongAdder received = new LongAdder();
  private volatile long progressNanos;

  /** When it was last reported to be queued. */
  private long queuedNanos;

  private boolean queued;

  /** A download of what is missing in the store. */
  Download(Parts parts, StoredTask stored, Downloads downloads) {
    this.parts = parts;
    this.stored = stored;
    this.downloads = downloads;
    this.limiter = parts.limits().apply(Optional.empty());
    BitSet done = stored.pieces();
    this.table = new PieceTable(stored.task().layout(), done);
    this.demand = new Demand(table);
    done.stream().forEach(piece -> origins.put(piece, PieceOrigin.STORE));
    this.progressNanos = parts.loop().activeNanos();
    this.queuedNanos = progressNanos;
    DownloadContext lane =
        new DownloadContext(
            parts.takes(), stored, new Throttle(limiter, parts.downloads()), this::received);
    this.source = new SourceSide(parts, lane, this);
    this.swarm = new Swarm(parts, lane, this);
    this.finishing = new Finishing(parts, this);
    this.stalls =
        new StallMeter(
            parts.loop(),
            demand::isWaiting,
            () -> later(queuedNanos, progressNanos),
            this::isQueued,
            this::silent,
            time -> parts.listener().stalled(task(), time));
  }

  Task task() {
    return stored.task();
  }

  StoredTask stored() {
    return stored;
  }

  PieceTable table() {
    return table;
  }

  DigestList digests() {
    return digests;
  }

  Demand demand() {
    return demand;
  }

  Swarm swarm() {
    return swarm;
  }

  SourceSide source() {
    return source;
  }

  boolean isOver() {
    return over;
  }

  /** Counts the pieces that were read from the source, also what was read more than once. */
  int piecesFromSource() {
    return piecesFromSource;
  }

  void progressed() {
    progressNanos = parts.loop().activeNanos();
  }

  private void received(long bytes) {
    received.add(bytes);
    progressed();
  }

  /** Returns how many bytes have come, those included that do not make a piece yet. */
  long received() {
    return received.sum();
  }

  /** Tells of a while without a byte, if there is one that was not told. */
  void tellStall() {
    stalls.tell();
  }

  /**
   * Returns when the last byte came, or when it was last clear that none was to come: active time.
   */
  long progressNanos() {
    return progressNanos;
  }

  /** Takes in what the supernode says that the task waits for; empty if it does not wait. */
  void queued(Optional<Queued> wait) {
    queued = wait.isPresent();
    if (queued) {
      queuedNanos = parts.loop().activeNanos();
    }
    for (RunningFetch fetch : demand.fetches()) {
      if (fetch.isCollecting()) {
        downloads.queued(fetch, wait);
      }
    }
  }

  private boolean isQueued() {
    return queued && parts.loop().activeNanos() - queuedNanos < Waits.FRESH.toNanos();
  }

  private static long later(long one, long other) {
    return one - other > 0 ? one : other;
  }

  /** Nothing comes. Its own takes may wait behind others, and the supernode may be lost. */
  private void silent() {
    if (swarm.waitsForTurn()) {
      queued(Optional.of(Queued.of(Queued.Reason.UPLINK)));
    }
    swarm.doubt();
    source.readForWhoAsks();
  }

  /** Serves one more fetch. */
  void attach(RunningFetch fetch) {
    demand.add(fetch);
    fetch.downloadIs(this);
    fetch.phaseIs(RunningFetch.Phase.COLLECTING);
    progressed();
    parts.listener().registered(fetch.request(), task());
    stalls.start();
    if (!mayHoldUnproven()) {
      dropUnproven(); // nothing can prove a part of the file
    }
    if (table.layout().isLengthKnown() && !tellLength(fetch)) {
      return;
    }
    origins.forEach((piece, origin) -> fetch.tally().add(origin, wantedOf(fetch, piece)));
    limitsChanged();
    fetch.found().complete(task());
    fetch.feed().ifPresent(feed -> feed.feedFrom(piecesFor(fetch)));
    check(fetch);
    wantedChanged();
    source.readForWhoAsks();
  }

  private StreamFeed.Pieces piecesFor(RunningFetch fetch) {
    return new StreamFeed.Pieces() {
      @Override
      public StoredTask stored() {
        return stored;
      }

      @Override
      public boolean isReady(int piece) {
        return table.isDone(piece)
            && !unproven.containsKey(piece)
            && !finishing.holdsBack(fetch, piece);
      }

      @Override
      public OptionalLong length() {
        return table.layout().length();
      }

      @Override
      public void moved() {
        wantedChanged();
      }
    };
  }

  /** Serves a fetch no longer. Without any the download ends, and the task is only given. */
  void detach(RunningFetch fetch) {
    if (demand.remove(fetch) && !over) {
      limitsChanged();
      wantedChanged();
      if (demand.fetches().isEmpty()) {
        close();
        swarm.seedOrLeave(!origins.isEmpty());
      }
    }
  }

  /** Lets all fetches have the content as fast as the most generous of them allows. */
  void limitsChanged() {
    limiter.setRate(demand.rate());
  }

  private void wantedChanged() {
    boolean isWaiting = demand.isWaiting();
    if (!isWaiting || !wasWaiting) {
      progressed(); // only what is waited for can be late
    }
    wasWaiting = isWaiting;
    swarm.want(demand.wanted());
    source.wantedChanged();
  }

  /** Returns credentials to go on with: those of a fetch that is still there. */
  Optional<ContentRequest> credentials() {
    return demand.credentialHolder().map(fetch -> fetch.request().content());
  }

  /** Returns what admits this peer if no fetch with credentials is left. */
  Optional<Pushed> pushed() {
    return demand.pushed();
  }

  /** A piece is in the store: sealed, unless it is {@link #unproven}. */
  void pieceDone(int piece, PieceOrigin origin) {
    if (!table.complete(piece)) {
      return;
    }
    progressed();
    wasWaiting = demand.isWaiting();
    origins.put(piece, origin);
    if (origin.kind() == PieceOrigin.Kind.SOURCE) {
      piecesFromSource++;
    }
    if (!unproven.containsKey(piece)) {
      parts.sealed().accept(task().id(), piece);
    }
    origin
        .kind()
        .overNetwork()
        .ifPresent(o -> parts.listener().received(task(), o, table.layout().range(piece).length()));
    for (RunningFetch fetch : demand.fetches()) {
      fetch.tally().add(origin, wantedOf(fetch, piece));
      fetch.feed().ifPresent(StreamFeed::moveOn);
      check(fetch);
    }
    source.wantedChanged();
  }

  /** The source has failed and is asked again, by this peer or its supernode. */
  void sourceRetried(DistributionException failure) {
    parts.listener().sourceRetried(task(), failure.getMessage());
    demand.fetches().forEach(fetch -> fetch.sourceFailed(failure));
  }

  /**
   * Tells whether pieces may be kept that nobody has proved: the digest of the whole file will, and
   * all fetches want the whole.
   */
  boolean mayHoldUnproven() {
    OptionalLong length = table.layout().length();
    return task().digest().isPresent()
        && length.isPresent()
        && demand.fetches().stream().allMatch(fetch -> fetch.wantsAll(length));
  }

  /** A piece has come whose digest is not known: no reader gets it before it is proved. */
  void unproven(int piece, Digest digest) {
    unproven.put(piece, digest);
  }

  /** Tells whether there are pieces that nobody has proved, or that are not sealed yet. */
  boolean hasUnproven() {
    return !unproven.isEmpty();
  }

  /** Returns the digest of a piece that is there, if nobody has proved it. */
  Optional<Digest> unproven(int piece) {
    return Optional.ofNullable(unproven.get(piece));
  }

  /** The digest of a piece has turned out to be right. */
  void proved(int piece) {
    Digest digest = unproven.get(piece);
    if (digest != null) {
      parts
          .loop()
          .when(seal(Map.of(piece, digest)), done -> sealed(piece, digest), this::storeFailed);
    }
  }

  /**
   * Seals the pieces that nobody has proved: only what is sealed can be read, and the whole file is
   * to be verified.
   */
  CompletableFuture<Void> sealUnproven() {
    return unproven.isEmpty()
        ? CompletableFuture.completedFuture(null)
        : seal(Map.copyOf(unproven));
  }

  private CompletableFuture<Void> seal(Map<Integer, Digest> pieces) {
    return parts
        .writer()
        .run(
            stored,
            () -> {
              for (Map.Entry<Integer, Digest> each : pieces.entrySet()) {
                if (!stored.has(each.getKey())) {
                  stored.seal(each.getKey(), each.getValue());
                }
              }
            });
  }

  /** The digest of the whole file is right. */
  void provedAll() {
    Map.copyOf(unproven).forEach(this::sealed);
  }

  /** A piece is proved and sealed: others may have it from now on. */
  private void sealed(int piece, Digest digest) {
    PieceOrigin origin = origins.get(piece);
    if (over || origin == null || !unproven.remove(piece, digest)) {
      return; // it was dropped meanwhile
    }
    parts.sealed().accept(task().id(), piece);
    origin
        .parent()
        .map(parent -> new PieceResult(piece, parent.id(), Outcome.DONE, origin.nanos() / 1000))
        .ifPresent(swarm::report);
    demand.fetches().forEach(fetch -> fetch.feed().ifPresent(StreamFeed::moveOn));
  }

  /** Drops the pieces that nobody has proved; returns whether there were any. */
  boolean dropUnproven() {
    List<Integer> dropped = List.copyOf(unproven.keySet());
    unproven.clear();
    dropped.forEach(swarm::discard);
    return !dropped.isEmpty();
  }

  /** A piece that was there is not there any more. */
  void pieceLost(int piece) {
    PieceOrigin origin = origins.remove(piece);
    if (origin == null) {
      return;
    }
    LOG.warn("Task {}: piece {} in the store is no longer what it was", task().id().brief(), piece);
    unproven.remove(piece);
    table.lose(piece);
    swarm.withdraw(piece);
    for (RunningFetch fetch : demand.fetches()) {
      fetch.tally().remove(origin, wantedOf(fetch, piece));
      if (fetch.phase() == RunningFetch.Phase.ENDED) {
        // It brings nothing again, but its reader may not have read the piece.
        fetch.feed().ifPresent(feed -> feed.lost(piece));
      }
    }
    wantedChanged();
  }

  private long wantedOf(RunningFetch fetch, int piece) {
    return fetch.wantedOf(table.layout().range(piece), table.layout().length());
  }

  /** The length is known now. Completes when the store knows it too. */
  CompletableFuture<Void> lengthLearned(long length) {
    if (table.layout().isLengthKnown()) {
      return CompletableFuture.completedFuture(null);
    }
    table.learnLength(length);
    CompletableFuture<Void> known = parts.writer().run(stored, () -> stored.learnLength(length));
    parts.loop().when(known, done -> lengthIsStored(), this::storeFailed);
    return known;
  }

  private void lengthIsStored() {
    for (RunningFetch fetch : demand.fetches()) {
      if (tellLength(fetch)) {
        fetch.feed().ifPresent(StreamFeed::moveOn);
        check(fetch);
      }
    }
    wantedChanged();
  }

  private boolean tellLength(RunningFetch fetch) {
    try {
      fetch.lengthIs(table.layout().length().orElseThrow());
      return true;
    } catch (DistributionException e) {
      downloads.ended(fetch, e);
      return false;
    }
  }

  private void check(RunningFetch fetch) {
    if (fetch.isCollecting()
        && stored.task().layout().isLengthKnown()
        && table.isComplete(fetch.pieces(table.layout()))) {
      fetch.phaseIs(RunningFetch.Phase.FINISHING);
      finishing.finish(fetch);
    }
  }

  /** Collects once more: a piece was lost. */
  void collectAgain(RunningFetch fetch) {
    fetch.phaseIs(RunningFetch.Phase.COLLECTING);
    check(fetch);
    wantedChanged();
    source.readIfAlone();
  }

  Downloads owner() {
    return downloads;
  }

  /** The store cannot keep the task's pieces. */
  void storeFailed(Throwable failure) {
    fail(
        failure instanceof DistributionException typed
            ? typed
            : new StorageException(
                "Task %s cannot be kept in the home directory: %s. Mend that or choose another home."
                    .formatted(task().id().brief(), failure.getMessage()),
                failure));
  }

  /** Ends the download and all its fetches. */
  void fail(DistributionException failure) {
    if (over) {
      return;
    }
    LOG.info("Task {}: {}", task().id().brief(), failure.getMessage());
    List<RunningFetch> all = demand.fetches();
    close();
    all.forEach(fetch -> downloads.ended(fetch, failure));
    switch (failure.kind()) {
      case SOURCE_CHANGED, DIGEST_MISMATCH -> {
        swarm.seedOrLeave(false);
        downloads.delete(task().id());
      }
      default -> swarm.seedOrLeave(!origins.isEmpty());
    }
  }

  /** Moves no more bytes. */
  private void close() {
    over = true;
    unproven.keySet().forEach(this::forget); // the next fetch would take them for good
    swarm.close();
    source.close();
    finishing.close();
    stalls.stop();
    downloads.remove(this);
  }

  private void forget(int piece) {
    swarm.withdraw(piece);
    parts
        .loop()
        .when(
            parts.writer().run(stored, () -> stored.unseal(piece)),
            done -> {},
            failure -> LOG.warn("A piece cannot be dropped: {}", failure.toString()));
  }

  /** Ends with its client. All fetches are over by now, but readers of what came may not be. */
  void abandon() {
    if (!over) {
      close();
      FetchCancelledException closed = new FetchCancelledException("The client was closed.");
      demand.fetches().forEach(fetch -> fetch.feed().ifPresent(feed -> feed.fail(closed)));
    }
  }
}
