package io.dragonfly.internal.transfer;

import io.dragonfly.control.Queued;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.FetchCancelledException;
import io.dragonfly.error.NoProgressException;
import io.dragonfly.error.OutputException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.error.TimeLimitException;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.fetch.Pattern;
import io.dragonfly.internal.loop.EventLoop;
import io.dragonfly.internal.loop.Timers;
import io.dragonfly.internal.transfer.output.Outputs;
import io.dragonfly.internal.transfer.output.StreamFeed;
import io.dragonfly.rate.Rate;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Digest;
import java.io.InputStream;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
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
  private final List<Finding> findings = new ArrayList<>();
  private final Map<RunningFetch, Watch> running = new LinkedHashMap<>();
  private boolean closed;

  Fetches(Parts parts) {
    this.parts = parts;
    this.downloads = new Downloads(parts, this);
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
    Optional<ByteRange> range = request.range();
    StreamFeed feed =
        new StreamFeed(
            parts.loop(),
            parts.io(),
            range.map(ByteRange::start).orElse(0L),
            range.isPresent() ? OptionalLong.of(range.get().end()) : OptionalLong.empty(),
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
        parts.io(),
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
                watch.timeLimit = parts.loop().after(limit, () -> failed(fetch, tooLate(fetch))));
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
    Optional<Download> shared = downloads.sharing(request);
    if (shared.isPresent()) {
      shared.get().attach(fetch);
      return;
    }
    Optional<Finding> asked =
        findings.stream().filter(finding -> finding.isFor(request)).findFirst();
    if (asked.isPresent()) {
      asked.get().add(fetch);
      return;
    }
    Finding finding =
        isAlone(request)
            ? new SourceFinding(request, parts, downloads)
            : new SwarmFinding(request, parts, downloads);
    finding.add(fetch);
    findings.add(finding);
    finding.start(findings::remove);
    if (findings.contains(finding)) {
      lookAtTurn(finding);
    }
  }

  private void lookAtTurn(Finding finding) {
    Optional<Queued> queued = finding.queued();
    finding.fetches().forEach(fetch -> waits(fetch, queued));
    var unused =
        parts
            .loop()
            .after(
                TURNS,
                () -> {
                  if (!finding.isOver()) {
                    lookAtTurn(finding);
                  }
                });
  }

  @Override
  public void waits(RunningFetch fetch, Optional<Queued> queued) {
    tellWait(fetch, fetch.waits().reported(queued, fetch.byteNanos()));
  }

  private void tellWait(RunningFetch fetch, Optional<Waits.Ended> wait) {
    wait.filter(ended -> ended.time().compareTo(LEAST_WAIT) >= 0)
        .ifPresent(ended -> parts.listener().queued(fetch.request(), ended.queued(), ended.time()));
  }

  private void watchProgress(RunningFetch fetch, Watch watch, Duration delay) {
    watch.progress =
        parts
            .loop()
            .after(
                delay,
                () -> {
                  Duration left = untilNoProgress(fetch);
                  Duration ofQueue = untilQueueTimeout(fetch);
                  if (isOver(left)) {
                    failed(fetch, noProgress(fetch));
                  } else if (isOver(ofQueue)) {
                    failed(fetch, queuedTooLong(fetch));
                  } else {
                    watchProgress(fetch, watch, least(left, ofQueue));
                  }
                });
  }

  private void watchPace(RunningFetch fetch, Watch watch, Pace pace) {
    watch.pace =
        parts
            .loop()
            .after(
                Pace.LOOK_EVERY,
                () -> {
                  if (pace.isTooSlow(parts.loop().activeNanos(), waits(fetch), fetch.came())) {
                    failed(fetch, tooSlow(fetch, pace));
                  } else {
                    watchPace(fetch, watch, pace);
                  }
                });
  }

  private static NoProgressException tooSlow(RunningFetch fetch, Pace pace) {
    return new NoProgressException(
        "Only %d bytes of %s came in %d s, less than the minimum rate of %s allows. Try again later: what is verified stays in the home directory."
            .formatted(
                fetch.came(),
                fetch.request().content().displayUrl(),
                pace.spent().toSeconds(),
                pace.least()));
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

  private NoProgressException queuedTooLong(RunningFetch fetch) {
    return new NoProgressException(
        "%s was queued for %s s without a byte, as long as queueTimeout allows. The last report was \"%s\". Try again later, or raise queueTimeout."
            .formatted(
                fetch.request().content().displayUrl(),
                seconds(parts.times().queue()),
                fetch.waits().now().map(Queued::toString).orElse("")));
  }

  /** A source that has failed is the reason, with its status and its Retry-After. */
  private DistributionException noProgress(RunningFetch fetch) {
    Optional<String> lack = lack(fetch);
    Optional<DistributionException> source =
        lack.isEmpty() ? fetch.sourceFailure() : Optional.empty();
    String text =
        "Nothing of %s came for %s s%s"
            .formatted(
                fetch.request().content().displayUrl(),
                seconds(parts.times().noProgress()),
                lack.or(() -> trouble(fetch)).orElseGet(() -> silence(fetch)));
    return source.isPresent() && source.get() instanceof SourceFailedException failed
        ? failed.withMessage(text)
        : new NoProgressException(text, source.orElse(null));
  }

  private static Optional<String> trouble(RunningFetch fetch) {
    return fetch
        .sourceTrouble()
        .map(why -> ": %s What has come stays in the home directory.".formatted(why));
  }

  private static String lastWait(RunningFetch fetch) {
    return fetch.waits().last().map(" The supernode last reported %s."::formatted).orElse("");
  }

  private String silence(RunningFetch fetch) {
    if (!isAlone(fetch.request())) {
      return ", neither from peers nor from a supernode nor from the source.%s Try again later."
          .formatted(lastWait(fetch));
    }
    return fetch.download() == null
        ? ": the source has not answered. Try again later."
        : " from the source. Try again later: what has come stays in the home directory.";
  }

  private boolean isAlone(FetchRequest request) {
    return request.pattern() == Pattern.SOURCE || parts.supernodes().isEmpty();
  }

  private static TimeLimitException tooLate(RunningFetch fetch) {
    Optional<String> wait =
        fetch.waits().now().map(". It was %s. Try again later, or allow more time."::formatted);
    return new TimeLimitException(
        "%s was not there within the time limit of %s s%s"
            .formatted(
                fetch.request().content().displayUrl(),
                fetch.request().timeout().map(Fetches::seconds).orElse(""),
                lack(fetch)
                    .or(() -> trouble(fetch))
                    .or(() -> wait)
                    .orElse(". Try again: what has come stays in the home directory.")),
        fetch.sourceFailure().orElse(null));
  }

  private static Optional<String> lack(RunningFetch fetch) {
    return Optional.ofNullable(fetch.download())
        .flatMap(download -> download.swarm().lack())
        .map(
            lack ->
                ": %s. Start the supernode again, or name several, and try again: what has come stays in the home directory."
                    .formatted(lack));
  }

  private static String seconds(Duration time) {
    return BigDecimal.valueOf(time.toNanos(), 9).stripTrailingZeros().toPlainString();
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
    waits(fetch, Optional.empty());
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
    waits(fetch, Optional.empty());
    // Before the caller, as completed() is.
    parts.listener().failed(fetch.request(), failure, fetch.progress());
    fetch.fail(failure);
    List.copyOf(findings).forEach(finding -> finding.remove(fetch));
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
