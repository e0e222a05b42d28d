package io.dragonfly.internal.transfer;

import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchProgress;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.internal.loop.Continuations;
import io.dragonfly.internal.transfer.output.StreamFeed;
import io.dragonfly.internal.transfer.swarm.Pushed;
import io.dragonfly.rate.Rate;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.PieceLayout;
import io.dragonfly.task.PieceSpan;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** One fetch and how far it is. Confined to the loop, except for the methods of {@link Fetch}. */
final class RunningFetch implements Fetch {
  /** Where a fetch is in its life. */
  enum Phase {
    /** It is not known which task it gets. */
    FINDING,
    /** Pieces are missing. */
    COLLECTING,
    /** All are there; the whole is verified. */
    FINISHING,
    /** It is being put at its path, which cannot be stopped half-way. */
    DELIVERING,
    /** It is over. */
    ENDED
  }

  private final FetchRequest request;
  private final Callbacks callbacks;
  private final Control control;
  private final Tally tally = new Tally();
  private final CompletableFuture<FetchResult> done = new CompletableFuture<>();
  private final CompletableFuture<Task> found = new CompletableFuture<>();

  private Phase phase = Phase.FINDING;
  private Optional<StreamFeed> feed = Optional.empty();
  private Optional<Pushed> push = Optional.empty();
  private Optional<Rate> rate;
  private final Waits waits;
  private final LongSupplier nanos;
  private volatile long startNanos;
  private volatile @Nullable Download download;
  private volatile OptionalLong contentLength = OptionalLong.empty();
  private long receivedBefore;
  private int deliveries;
  private volatile @Nullable Trouble trouble;

  /** Why the source was asked again when so many bytes were there. */
  private record Trouble(DistributionException failure, long bytes) {}

  /**
   * What the handle's methods do, on the loop.
   *
   * @param cancel ends a fetch
   * @param setRate changes its rate
   */
  record Control(
      Executor loop,
      Consumer<RunningFetch> cancel,
      BiConsumer<RunningFetch, Optional<Rate>> setRate) {}

  /** A fetch that has just been asked for. */
  RunningFetch(FetchRequest request, Callbacks callbacks, Control control, LongSupplier nanos) {
    this.request = request;
    this.callbacks = callbacks;
    this.control = control;
    this.rate = request.rate();
    this.nanos = nanos;
    this.waits = new Waits(nanos);
    this.startNanos = nanos.getAsLong();
  }

  @Override
  public FetchRequest request() {
    return request;
  }

  @Override
  public Optional<TaskId> task() {
    return found.isDone() && !found.isCompletedExceptionally()
        ? Optional.of(found.join().id())
        : Optional.empty();
  }

  @Override
  public CompletableFuture<FetchResult> completion() {
    if (done.isDone()) {
      return done.copy();
    }
    CompletableFuture<FetchResult> copy = new CompletableFuture<>();
    Continuations.whenDone(done, (result, failure) -> passOn(result, failure, copy));
    return copy;
  }

  /** What callers hang on their copy must not run on the loop. */
  private void passOn(
      @Nullable FetchResult result,
      @Nullable Throwable failure,
      CompletableFuture<FetchResult> copy) {
    callbacks.execute(
        () -> {
          if (result != null) {
            copy.complete(result);
          } else if (failure != null) {
            copy.completeExceptionally(failure);
          }
        });
  }

  /** Returns the future itself, for our own threads that wait for it. */
  CompletableFuture<FetchResult> done() {
    return done;
  }

  /** Returns the task, as soon as it is known. */
  CompletableFuture<Task> found() {
    return found;
  }

  @Override
  public OptionalLong contentLength() {
    return contentLength;
  }

  @Override
  public FetchProgress progress() {
    long last = waits.latest(byteNanos());
    Duration idle = Duration.ofNanos(Math.max(0, nanos.getAsLong() - last));
    return tally.progress().with(waits.now(), waits.total(), idle);
  }

  /** It begins now. */
  void begins() {
    startNanos = nanos.getAsLong();
  }

  /** Returns when the last byte came, or when the fetch began. */
  long byteNanos() {
    Download from = download;
    return from == null ? startNanos : from.progressNanos();
  }

  /** Returns its waits in queues. */
  Waits waits() {
    return waits;
  }

  @Override
  public Optional<String> sourceTrouble() {
    return sourceFailure().map(failure -> String.valueOf(failure.getMessage()));
  }

  /** Returns how the source has failed, if it is asked again and no piece has come since. */
  Optional<DistributionException> sourceFailure() {
    Trouble last = trouble;
    return last == null || last.bytes() != tally.progress().bytes()
        ? Optional.empty()
        : Optional.of(last.failure());
  }

  /** The source has failed and is asked again. */
  void sourceFailed(DistributionException failure) {
    trouble = new Trouble(failure, tally.progress().bytes());
  }

  @Override
  public void setRate(Optional<Rate> limit) {
    limit.ifPresent(request::checkRate);
    control.loop().execute(() -> control.setRate().accept(this, limit));
  }

  @Override
  public void cancel() {
    control.loop().execute(() -> control.cancel().accept(this));
  }

  Optional<Rate> rate() {
    return rate;
  }

  void rateIs(Optional<Rate> limit) {
    rate = limit;
  }

  Phase phase() {
    return phase;
  }

  void phaseIs(Phase next) {
    phase = next;
  }

  boolean isCollecting() {
    return phase == Phase.COLLECTING;
  }

  Tally tally() {
    return tally;
  }

  Optional<StreamFeed> feed() {
    return feed;
  }

  void feedIs(StreamFeed streamFeed) {
    feed = Optional.of(streamFeed);
  }

  /** Returns what admits this fetch instead of credentials, if it has none. */
  Optional<Pushed> push() {
    return push;
  }

  void pushIs(Pushed pushed) {
    push = Optional.of(pushed);
  }

  @Nullable Download download() {
    return download;
  }

  void downloadIs(Download found) {
    download = found;
    receivedBefore = found.received();
  }

  /** Returns the bytes that are there or have come, those that make no piece yet included. */
  long came() {
    FetchProgress sealed = tally.progress();
    Download from = download;
    long sinceThen = from == null ? 0 : from.received() - receivedBefore;
    return Math.max(sealed.bytes(), sealed.bytesFromStore() + sinceThen);
  }

  /** Counts a delivery that failed, and returns how many there were. */
  int countDelivery() {
    return ++deliveries;
  }

  /** Completes the futures. */
  void succeed(FetchResult result) {
    phase = Phase.ENDED;
    done.complete(result);
  }

  /** Fails the futures. */
  void fail(DistributionException failure) {
    phase = Phase.ENDED;
    found.completeExceptionally(failure);
    done.completeExceptionally(failure);
    feed.ifPresent(stream -> stream.fail(failure));
  }

  /**
   * Learns the content's length.
   *
   * @throws ContentNotFoundException if the range that is wanted begins behind the end
   */
  void lengthIs(long length) {
    Optional<ByteRange> range = request.range();
    if (range.isPresent() && !range.get().isEmpty() && range.get().start() >= length) {
      throw new ContentNotFoundException(
          "Bytes %s of %s do not exist: it has %d bytes. Ask for a range within them."
              .formatted(range.get(), request.content().displayUrl(), length));
    }
    contentLength = OptionalLong.of(length);
    tally.wants(bytes(OptionalLong.of(length)).length());
  }

  /** Returns the bytes that are wanted. A range ends where the content does, as in HTTP. */
  ByteRange bytes(OptionalLong length) {
    return cut(request.range().orElse(ByteRange.from(0)), length);
  }

  /** Tells whether all bytes are wanted: a range may be all there is. */
  boolean wantsAll(OptionalLong length) {
    return bytes(length).equals(cut(ByteRange.from(0), length));
  }

  private static ByteRange cut(ByteRange range, OptionalLong length) {
    return length.isPresent() ? range.within(length.getAsLong()) : range;
  }

  /** Returns how many of a piece's bytes are wanted. */
  long wantedOf(ByteRange piece, OptionalLong length) {
    ByteRange wanted = bytes(length).within(piece.end());
    return Math.max(0, wanted.end() - Math.max(piece.start(), wanted.start()));
  }

  /** Returns the pieces that must be there in the end. */
  PieceSpan pieces(PieceLayout layout) {
    if (request.range().isEmpty()) {
      return PieceSpan.ALL;
    }
    return layout.span(bytes(layout.length()));
  }

  /** Returns the pieces that may come now. */
  PieceSpan wanted(PieceLayout layout) {
    if (!isCollecting()) {
      return PieceSpan.NONE;
    }
    return feed.map(stream -> stream.window(layout)).orElseGet(() -> pieces(layout));
  }
}
