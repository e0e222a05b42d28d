package io.dragonfly.internal.transfer;

import io.dragonfly.control.Queued;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.FetchCancelledException;
import io.dragonfly.error.OutputException;
import io.dragonfly.fetch.FetchMode;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.internal.transfer.output.Outputs;
import io.dragonfly.internal.transfer.output.StreamFeed;
import io.dragonfly.internal.transfer.swarm.Pushed;
import io.dragonfly.rate.Rate;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All fetches of one client, from the request to the end, with the limits of their time. Confined
 * to the loop, except for {@link #start} and {@link #open}.
 */
final class Fetches implements Downloads.Ends {
  private static final Logger LOG = LoggerFactory.getLogger(Fetches.class);

  /** How often a fetch that waits for its turn to register learns its place. */
  private static final Duration TURNS = Duration.ofSeconds(5);

  /** A shorter wait is not worth telling. */
  private static final Duration LEAST_WAIT = Duration.ofSeconds(1);

  private final Parts parts;
  private final Downloads downloads;
  private final LimitErrors errors;
  private final List<TaskLookup> lookups = new ArrayList<>();
  private final Map<RunningFetch, Watch> running = new LinkedHashMap<>();
  private boolean closed;

  Fetches(Parts parts) {
    this.parts = parts;
    this.downloads = new Downloads(parts, this);
    this.errors = new LimitErrors(parts.times());
  }

  /** What is measured about a fetch. */
  private static final class Watch {
    private final long startNanos;
    private final long startActiveNanos;
    private Timers.@Nullable Timer timeLimit;
    private Timers.@Nullable Timer progress;
    private Timers.@Nullable Timer pace;

    Watch(EventLoop loop) {
      this.startNanos = loop.nanos();
      this.startActiveNanos = loop.activeNanos();
    }

    void stop() {
      if (timeLimit != null) {
        timeLimit.cancel();
      }
      if (progress != null) {
        progress.cancel();
      }
      if (pace != null) {
        pace.cancel();
      }
    }
  }

  Downloads downloads() {
    return downloads;
  }

  /** Starts a fetch. From any thread. */
  RunningFetch start(FetchRequest request) {
    RunningFetch fetch = newFetch(request);
    beginSoon(fetch);
    return fetch;
  }

  /** Starts to bring into the home what a supernode has pushed. From any thread. */
  RunningFetch start(Pushed pushed) {
    RunningFetch fetch = newFetch(FetchRequest.builder(pushed.push().url()).build());
    fetch.pushIs(pushed);
    beginSoon(fetch);
    return fetch;
  }

  /**
   * A fetch that is read while it arrives.
   *
   * @param fetch the fetch
   * @param stream what is read
   */
  record Opened(RunningFetch fetch, InputStream stream) {}

  /** Starts a fetch to be read. From any thread. */
  Opened open(FetchRequest request) {
    RunningFetch fetch = newFetch(request);
    StreamFeed feed =
        new StreamFeed(
            parts.loop(),
            parts.io(),
            request.range().orElse(ByteRange.from(0)),
            () -> streamClosed(fetch));
    fetch.feedIs(feed);
    beginSoon(fetch);
    return new Opened(fetch, feed.stream());
  }

  private void beginSoon(RunningFetch fetch) {
    if (!parts.loop().tryExecute(() -> begin(fetch))) {
      fetch.fail(closedClient());
    }
  }

  private static FetchCancelledException closedClient() {
    return new FetchCancelledException("The client was closed.");
  }

  private RunningFetch newFetch(FetchRequest request) {
    return new RunningFetch(
        request,
        parts.callbacks(),
        new RunningFetch.Control(parts.loop(), this::cancel, this::setRate),
        parts.loop()::activeNanos);
  }

  private void begin(RunningFetch fetch) {
    FetchRequest request = fetch.request();
    if (closed) {
      fetch.fail(closedClient());
      return;
    }
    Watch watch = new Watch(parts.loop());
    running.put(fetch, watch);
    fetch.begins();
    parts.listener().started(request);
    request
        .timeout()
        .ifPresent(
            limit ->
                watch.timeLimit =
                    parts.loop().after(limit, () -> failed(fetch, LimitErrors.tooLate(fetch))));
    watchProgress(fetch, watch, least(parts.times().noProgress(), parts.times().queue()));
    request
        .minRate()
        .ifPresent(least -> watchPace(fetch, watch, new Pace(least, watch.startActiveNanos)));
    if (request.output().isEmpty()) {
      find(fetch);
      return;
    }
    Path output = request.output().get();
    parts
        .loop()
        .when(
            parts
                .io()
                .call(
                    () -> {
                      Outputs.check(output, request.outputMode());
                      return output;
                    }),
            fine -> find(fetch),
            failure -> failed(fetch, asOutputFailure(output, failure)));
  }

  private static DistributionException asOutputFailure(Path output, Throwable failure) {
    return failure instanceof DistributionException typed
        ? typed
        : new OutputException(
            "Output %s cannot be written: %s.".formatted(output, failure), failure);
  }

  private void find(RunningFetch fetch) {
    FetchRequest request = fetch.request();
    if (fetch.phase() == RunningFetch.Phase.ENDED) {
      return;
    }
    Optional<Pushed> push = fetch.push();
    Optional<Download> shared =
        push.isPresent() ? downloads.find(push.get().push().task()) : downloads.sharing(request);
    if (shared.isPresent()) {
      shared.get().attach(fetch);
      return;
    }
    Optional<TaskLookup> asked =
        lookups.stream().filter(lookup -> lookup.isFor(request)).findFirst();
    if (push.isEmpty() && asked.isPresent()) {
      asked.get().add(fetch);
      return;
    }
    TaskLookup lookup =
        isAlone(request)
            ? new SourceLookup(request, parts, downloads)
            : new SupernodeLookup(request, push, parts, downloads);
    lookup.add(fetch);
    lookups.add(lookup);
    lookup.start(lookups::remove);
    if (lookups.contains(lookup)) {
      lookAtTurn(lookup);
    }
  }

  private void lookAtTurn(TaskLookup lookup) {
    Optional<Queued> queued = lookup.queued();
    lookup.fetches().forEach(fetch -> queued(fetch, queued));
    var unused =
        parts
            .loop()
            .after(
                TURNS,
                () -> {
                  if (!lookup.isOver()) {
                    lookAtTurn(lookup);
                  }
                });
  }

  @Override
  public void queued(RunningFetch fetch, Optional<Queued> wait) {
    tellWait(fetch, fetch.waits().reported(wait, fetch.byteNanos()));
  }

  private void tellWait(RunningFetch fetch, Optional<Waits.Ended> wait) {
    wait.filter(ended -> ended.time().compareTo(LEAST_WAIT) >= 0)
        .ifPresent(ended -> parts.listener().queued(fetch.request(), ended.queued(), ended.time()));
  }

  private void watchProgress(RunningFetch fetch, Watch watch, Duration delay) {
    Runnable look = () -> lookAtProgress(fetch, watch);
    Runnable again = () -> watchProgress(fetch, watch, parts.times().noProgress());
    watch.progress = parts.loop().after(delay, () -> look(fetch, look, again));
  }

  private void lookAtProgress(RunningFetch fetch, Watch watch) {
    Duration left = untilNoProgress(fetch);
    Duration ofQueue = untilQueueTimeout(fetch);
    if (isOver(left)) {
      failed(fetch, errors.noProgress(fetch, !isAlone(fetch.request())));
    } else if (isOver(ofQueue)) {
      failed(fetch, errors.queuedTooLong(fetch));
    } else {
      // Active time may stand still: without this the loop would look without a pause.
      watchProgress(fetch, watch, least(left, ofQueue).plusMillis(1));
    }
  }

  private void watchPace(RunningFetch fetch, Watch watch, Pace pace) {
    Runnable again = () -> watchPace(fetch, watch, pace);
    Runnable look =
        () -> {
          if (pace.isTooSlow(parts.loop().activeNanos(), waits(fetch), fetch.came())) {
            failed(fetch, LimitErrors.tooSlow(fetch, pace));
          } else {
            again.run();
          }
        };
    watch.pace = parts.loop().after(Pace.LOOK_EVERY, () -> look(fetch, look, again));
  }

  /** Looks at a fetch. A defect must not end the watch: the fetch might never end then. */
  private void look(RunningFetch fetch, Runnable look, Runnable again) {
    try {
      look.run();
    } catch (RuntimeException | Error e) {
      if (running.containsKey(fetch)) {
        again.run();
      }
      throw e;
    }
  }

  /** Tells whether something is late, if nothing comes: not the reader of a stream. */
  private static boolean waits(RunningFetch fetch) {
    Download download = fetch.download();
    return fetch.phase() == RunningFetch.Phase.FINDING
        || (fetch.isCollecting() && download != null && download.demand().isWaiting());
  }

  private static Duration least(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private static boolean isOver(Duration left) {
    return left.isNegative() || left.isZero();
  }

  /** A wait in a queue is no lack of progress: it has a limit of its own. */
  private Duration untilNoProgress(RunningFetch fetch) {
    Duration limit = parts.times().noProgress();
    if (!waits(fetch)) {
      return limit;
    }
    long last = fetch.waits().latest(fetch.byteNanos());
    return limit.minusNanos(parts.loop().activeNanos() - last);
  }

  private Duration untilQueueTimeout(RunningFetch fetch) {
    Duration limit = parts.times().queue();
    return waits(fetch) ? limit.minus(fetch.waits().sinceByte(fetch.byteNanos())) : limit;
  }

  private boolean isAlone(FetchRequest request) {
    return request.pattern() == FetchMode.SOURCE || parts.supernodes().isEmpty();
  }

  private void cancel(RunningFetch fetch) {
    if (fetch.phase() != RunningFetch.Phase.DELIVERING) {
      failed(fetch, cancelled(fetch));
    }
  }

  private static FetchCancelledException cancelled(RunningFetch fetch) {
    return new FetchCancelledException(
        "The fetch of %s was cancelled.".formatted(fetch.request().content().displayUrl()));
  }

  private void streamClosed(RunningFetch fetch) {
    failed(fetch, cancelled(fetch));
    Download download = fetch.download();
    if (download != null) {
      download.detach(fetch);
    }
  }

  private void setRate(RunningFetch fetch, Optional<Rate> rate) {
    fetch.rateIs(rate);
    Download download = fetch.download();
    if (download != null) {
      download.limitsChanged();
    }
  }

  @Override
  public void succeeded(RunningFetch fetch, Download download, Optional<Digest> checked) {
    Watch watch = running.remove(fetch);
    if (watch == null) {
      return;
    }
    watch.stop();
    queued(fetch, Optional.empty());
    FetchResult result =
        new FetchResult(
            download.task().id(),
            fetch.request().output(),
            checked,
            fetch.progress(),
            Duration.ofNanos(parts.loop().nanos() - watch.startNanos),
            fetch.tally().parents());
    download.tellStall();
    LOG.info(
        "Task {}: {} is fetched, {} bytes in {} ms",
        download.task().id().brief(),
        fetch.request().content().displayUrl(),
        result.length(),
        result.time().toMillis());
    parts.listener().completed(fetch.request(), result);
    fetch.succeed(result);
    if (fetch.feed().isEmpty()) {
      download.detach(fetch); // a stream is still read, and closed when it is read
    }
  }

  @Override
  public void failed(RunningFetch fetch, DistributionException failure) {
    Watch watch = running.remove(fetch);
    if (watch == null) {
      return;
    }
    watch.stop();
    if (fetch.download() != null) {
      fetch.download().tellStall();
    }
    queued(fetch, Optional.empty());
    // Before the caller, as completed() is.
    parts.listener().failed(fetch.request(), failure, fetch.progress());
    fetch.fail(failure);
    List.copyOf(lookups).forEach(lookup -> lookup.remove(fetch));
    Download download = fetch.download();
    if (download != null) {
      download.detach(fetch);
    }
  }

  /** Ends all fetches. */
  void close() {
    closed = true;
    for (RunningFetch fetch : List.copyOf(running.keySet())) {
      failed(fetch, closedClient());
    }
    downloads.close();
  }
}
