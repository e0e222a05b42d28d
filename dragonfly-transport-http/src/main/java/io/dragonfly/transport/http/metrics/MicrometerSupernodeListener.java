package io.dragonfly.transport.http.metrics;

import io.dragonfly.control.Origin;
import io.dragonfly.control.Outcome;
import io.dragonfly.control.SecurityEvent;
import io.dragonfly.control.SupernodeListener;
import io.dragonfly.control.SupernodeState;
import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.DistributionException;
import io.dragonfly.error.ErrorKind;
import io.dragonfly.peer.PeerId;
import io.dragonfly.task.Task;
import io.dragonfly.task.TaskId;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Counts what one supernode does; {@link MicrometerListener} is for a client. The names begin with
 * {@code dragonfly.supernode} and are, with their labels, in the operators' page. None of the
 * labels is a task, a URL or a peer. Safe for concurrent use.
 *
 * <p>Counters stay in the registry when the supernode closes, gauges do not.
 */
public final class MicrometerSupernodeListener implements SupernodeListener {
  private final Meters meters;
  private final Counter registered;
  private final Counter cacheHits;
  private final Meters.ByLabel<ErrorKind> refused;
  private final Counter begun;
  private final Counter triggered;
  private final Counter triggerFailed;
  private final Meters.ByLabel<Answer> probes;
  private final Counter reads;
  private final Counter readsCompleted;
  private final Meters.ByLabel<ErrorKind> readsFailed;
  private final Counter sourceBytes;
  private final Counter sourceRetries;
  private final Counter damaged;
  private final Counter givenUp;
  private final Counter givenUpBytes;
  private final Counter given;
  private final Counter isolations;
  private final Counter stalls;
  private final Meters.ByLabel<Origin> reportedBytes;
  private final Map<Origin, Meters.ByLabel<Outcome>> piecesFailed = new EnumMap<>(Origin.class);
  private final Meters.ByLabel<SecurityEvent.Kind> security;
  private Meters.@Nullable Gauges<SupernodeState> gauges;

  private enum Answer {
    ANSWERED,
    REFUSED,
    FAILED
  }

  /** Counts in a registry, which stays its owner's. */
  @SuppressWarnings("exports") // who has a registry has its module
  public MicrometerSupernodeListener(MeterRegistry registry) {
    meters = new Meters(registry, "dragonfly.supernode.");
    registered = meters.counter("dfgettasks.registered", "Peers let in, once for each task.");
    refused =
        meters.counters(
            "dfgettasks.failed",
            null,
            "Registrations that were refused.",
            "reason",
            ErrorKind.class);
    begun = meters.counter("tasks.registered", "Tasks that at least one peer registered for.");
    triggered = meters.counter("cdn.trigger", "Tasks that were added to the supernode cache.");
    triggerFailed =
        meters.counter(
            "cdn.trigger.failed", "Tasks that could not be added to the supernode cache.");
    cacheHits =
        meters.counter("cdn.cache.hit", "Peers admitted to a task that was completely cached.");
    probes = meters.counters("source.probes", null, "Probes of sources.", "result", Answer.class);
    reads = meters.counter("cdn.download", "Source downloads that started.");
    readsCompleted = meters.counter("cdn.download.completed", "Source downloads that completed.");
    readsFailed =
        meters.counters(
            "cdn.download.failed", null, "Reads that failed for good.", "reason", ErrorKind.class);
    sourceBytes = meters.counterOf("bytes", "source", "Bytes that sources gave.");
    sourceRetries = meters.counter("source.retries", "Reads that broke off and went on.");
    damaged = meters.counter("cdn.damaged.pieces", "Pieces found damaged in the CDN cache.");
    givenUp = meters.counter("gc.tasks", "Tasks whose bytes were given up.");
    givenUpBytes = meters.counterOf("bytes", "gc", "Bytes that were given up.");
    given = meters.counterOf("bytes", "pieces.downloaded.size", "Bytes the CDN cache gave.");
    isolations = meters.counter("isolations", "Times that a peer was to give to nobody.");
    stalls =
        meters.counter(
            "scheduler.stalls", "Peers without a plan though a parent could send; a bug.");
    reportedBytes =
        meters.counters(
            "reported", "bytes", "Bytes that peers say they have got.", "origin", Origin.class);
    security = meters.securityEvents();
    for (Origin origin : Origin.values()) {
      piecesFailed.put(origin, failures(registry, origin));
    }
  }

  private static Meters.ByLabel<Outcome> failures(MeterRegistry registry, Origin origin) {
    Map<Outcome, Counter> counters = new EnumMap<>(Outcome.class);
    for (Outcome outcome : Meters.FAILURES) {
      counters.put(
          outcome,
          Counter.builder("dragonfly.supernode.pieces.failed")
              .description("Pieces that peers say they did not get.")
              .tags("origin", Meters.label(origin), "outcome", Meters.label(outcome))
              .register(registry));
    }
    return new Meters.ByLabel<>(counters);
  }

  @Override
  public synchronized void opened(Supplier<SupernodeState> state) {
    gauges =
        meters
            .gauges(state)
            .add("peers", null, "Peers that are known.", SupernodeState::peers)
            .add("peers.wanting", null, "Those that want pieces.", SupernodeState::wantingPeers)
            .add(
                "peers.isolated",
                null,
                "Those that give to nobody, since others complained of them.",
                SupernodeState::isolatedPeers)
            .add("waiting.calls", null, "Calls held open.", SupernodeState::waitingCalls)
            .add(
                "passed.on.tasks",
                null,
                "Tasks that are relayed because the disk has no free space.",
                SupernodeState::passedOnTasks)
            .add("cache", "bytes", "Bytes of the supernode cache.", SupernodeState::cacheBytes)
            .add(
                "cache.quota",
                "bytes",
                "Limit of the supernode cache; infinite if only the disk limits it.",
                now -> MicrometerListener.quota(now.quotaBytes()))
            .add(
                "source.probes.running",
                null,
                "Probes of sources that are running.",
                SupernodeState::runningProbes)
            .add(
                "source.probes.waiting",
                null,
                "Probes that wait for their host's limit.",
                SupernodeState::waitingProbes)
            .add(
                "reads.waiting",
                null,
                "Source downloads that wait for a thread.",
                SupernodeState::waitingReads)
            .add(
                "waiting.children",
                null,
                "Children that wait for a piece.",
                SupernodeState::waitingChildren);
    tasks(gauges, "SUCCESS", SupernodeState::completeTasks);
    tasks(gauges, "RUNNING", SupernodeState::readingTasks);
    tasks(gauges, "WAITING", now -> now.tasks() - now.completeTasks() - now.readingTasks());
  }

  /** As Dragonfly 1 calls them. */
  private static void tasks(
      Meters.Gauges<SupernodeState> gauges, String status, ToDoubleFunction<SupernodeState> count) {
    gauges.add("tasks", null, "Tasks in the CDN cache.", Tags.of("cdnstatus", status), count);
  }

  @Override
  public synchronized void closed() {
    if (gauges != null) {
      gauges.end();
      gauges = null;
    }
  }

  @Override
  public void registered(Task task, boolean cached) {
    registered.increment();
    if (cached) {
      cacheHits.increment();
    }
  }

  @Override
  public void refused(DistributionException failure) {
    refused.increment(failure.kind());
  }

  @Override
  public void begun(Task task, Optional<DistributionException> failure) {
    begun.increment();
    triggered.increment();
    if (failure.isPresent()) {
      triggerFailed.increment();
    }
  }

  @Override
  public void asked(Optional<Exception> failure) {
    probes.increment(failure.map(MicrometerSupernodeListener::answer).orElse(Answer.ANSWERED));
  }

  private static Answer answer(Exception failure) {
    return failure instanceof AccessRefusedException || failure instanceof ContentNotFoundException
        ? Answer.REFUSED
        : Answer.FAILED;
  }

  @Override
  public void readStarted(Task task) {
    reads.increment();
  }

  @Override
  public void read(TaskId task, long bytes) {
    sourceBytes.increment((double) bytes);
  }

  @Override
  public void readRetried(TaskId task) {
    sourceRetries.increment();
  }

  @Override
  public void readCompleted(Task task) {
    readsCompleted.increment();
  }

  @Override
  public void readFailed(TaskId task, DistributionException failure) {
    readsFailed.increment(failure.kind());
  }

  @Override
  public void damaged(TaskId task, int piece) {
    damaged.increment();
  }

  @Override
  public void givenUp(TaskId task, long bytes) {
    givenUp.increment();
    givenUpBytes.increment((double) bytes);
  }

  @Override
  public void given(TaskId task, long bytes) {
    given.increment((double) bytes);
  }

  @Override
  public void stalled(TaskId task, PeerId peer, String state) {
    stalls.increment();
  }

  @Override
  public void isolated(PeerId peer, int times, String reason) {
    isolations.increment();
  }

  @Override
  public void security(SecurityEvent event) {
    security.increment(event.kind());
  }

  @Override
  public void reported(Task task, Origin origin, Outcome outcome, long bytes) {
    if (outcome == Outcome.DONE) {
      reportedBytes.add(origin, bytes);
    } else {
      Objects.requireNonNull(piecesFailed.get(origin)).increment(outcome);
    }
  }
}
