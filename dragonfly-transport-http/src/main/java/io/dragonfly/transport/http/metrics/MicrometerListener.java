package io.dragonfly.transport.http.metrics;

import io.dragonfly.control.Origin;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.ErrorKind;
import io.dragonfly.fetch.ClientState;
import io.dragonfly.fetch.FetchListener;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.fetch.FetchResult;
import io.dragonfly.peer.Peer;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * Counts what one client does; {@link MicrometerSupernodeListener} is for a supernode. The names
 * begin with {@code dragonfly.dfget} and are, with their labels, in the operators' page. None of
 * the labels is a task, a URL or a peer. Safe for concurrent use.
 *
 * <p>Counters stay in the registry when the client closes, gauges do not.
 */
public final class MicrometerListener extends FetchListener {
  /** Those of Dragonfly 1. */
  private static final Duration[] BUCKETS =
      LongStream.of(10, 30, 60, 120, 300, 600)
          .mapToObj(Duration::ofSeconds)
          .toArray(Duration[]::new);

  private final Meters meters;
  private final AtomicInteger running = new AtomicInteger();
  private final Counter ended;
  private final Meters.ByLabel<ErrorKind> failed;
  private final Counter size;
  private final Timer duration;
  private final Meters.ByLabel<Origin> received;
  private final Counter given;
  private final Meters.ByLabel<Outcome> piecesFailed;
  private final Counter piecesMoved;
  private final Counter backToSource;
  private final Counter supernodeLost;
  private final Counter sourceRetries;
  private final Counter stalls;
  private final Counter stalledSeconds;
  private final Meters.ByLabel<SecurityEvent.Kind> security;
  private Meters.@Nullable Gauges<ClientState> gauges;

  /** Counts in a registry, which stays its owner's. */
  @SuppressWarnings("exports") // who has a registry has its module
  public MicrometerListener(MeterRegistry registry) {
    super();
    meters = new Meters(registry, "dragonfly.dfget.");
    ended = meters.counter("download", "Fetches that ended, well or not.");
    failed =
        meters.counters("download.failed", null, "Fetches that failed.", "reason", ErrorKind.class);
    size = meters.counterOf("bytes", "download.size", "Bytes of the fetches that ended well.");
    duration =
        Timer.builder(meters.name("download.duration"))
            .description("Time that fetches took that ended well.")
            .serviceLevelObjectives(BUCKETS)
            .register(registry);
    received =
        meters.counters(
            "received", "bytes", "Bytes that came and are kept.", "origin", Origin.class);
    given = meters.counterOf("bytes", "given", "Bytes of pieces given to other peers.");
    piecesFailed =
        meters.counters(
            "pieces.failed",
            null,
            "Pieces that a parent did not give.",
            "outcome",
            Meters.FAILURES);
    piecesMoved = meters.counter("pieces.moved", "Pieces asked of another parent, too.");
    backToSource = meters.counter("back.to.source", "Times that the source was read directly.");
    supernodeLost = meters.counter("supernode.lost", "Times that no supernode could be reached.");
    sourceRetries = meters.counter("source.retries", "Times that a source was asked again.");
    stalls = meters.counter("stalls", "Times that nothing came for a while.");
    stalledSeconds = meters.counterOf("seconds", "stalled", "Seconds in which nothing came.");
    security = meters.securityEvents();
  }

  @Override
  public synchronized void opened(Supplier<ClientState> state) {
    gauges =
        meters
            .gauges(state)
            .add("running", null, "Fetches that are running.", now -> running.get())
            .add("home.tasks", null, "Tasks in the home directory.", ClientState::tasks)
            .add("home", "bytes", "Bytes of their pieces.", ClientState::bytes)
            .add(
                "home.quota",
                "bytes",
                "Limit of these bytes; infinite if only the disk limits them.",
                now -> quota(now.quotaBytes()))
            .add(
                "waiting.children",
                null,
                "Children that wait for a piece.",
                ClientState::waitingChildren)
            .add(
                "buffer",
                "bytes",
                "Memory of pieces that are not written yet.",
                ClientState::bufferBytes);
  }

  static double quota(OptionalLong bytes) {
    return bytes.isPresent() ? bytes.getAsLong() : Double.POSITIVE_INFINITY;
  }

  @Override
  public synchronized void closed() {
    if (gauges != null) {
      gauges.end();
      gauges = null;
    }
  }

  @Override
  public void started(FetchRequest request) {
    running.incrementAndGet();
  }

  @Override
  public void received(Task task, Origin origin, long bytes) {
    received.add(origin, bytes);
  }

  @Override
  public void given(TaskId task, long bytes) {
    given.increment((double) bytes);
  }

  @Override
  public void pieceFailed(Task task, int piece, Peer parent, Outcome outcome, String reason) {
    piecesFailed.increment(outcome);
  }

  @Override
  public void pieceMoved(Task task, int piece, Peer from, Peer to, String reason) {
    piecesMoved.increment();
  }

  @Override
  public void sourceRetried(Task task, String reason) {
    sourceRetries.increment();
  }

  @Override
  public void stalled(Task task, Duration time) {
    stalls.increment();
    stalledSeconds.increment(time.toNanos() / 1e9);
  }

  @Override
  public void backToSource(FetchRequest request, String reason) {
    backToSource.increment();
  }

  @Override
  public void supernodeLost(FetchRequest request, String reason) {
    supernodeLost.increment();
  }

  @Override
  public void security(SecurityEvent event) {
    security.increment(event.kind());
  }

  @Override
  public void completed(FetchRequest request, FetchResult result) {
    running.decrementAndGet();
    ended.increment();
    size.increment((double) result.length());
    duration.record(result.time());
  }

  @Override
  public void failed(FetchRequest request, Exception failure) {
    running.decrementAndGet();
    ended.increment();
    failed.increment(
        failure instanceof DistributionException typed ? typed.kind() : ErrorKind.STORAGE);
  }
}
