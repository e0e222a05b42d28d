package io.dragonfly.internal.history;

import io.dragonfly.control.Outcome;
import io.dragonfly.fetch.FetchProgress;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.home.FetchRecord;
import io.dragonfly.home.FetchStep;
import io.dragonfly.home.Provider;
import io.dragonfly.task.Task;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is known so far of one fetch that runs. Bounded, however long it takes. Not thread-safe. */
final class FetchDraft {
  static final int MOST_PARENTS = 64;
  static final int MOST_STEPS = 100;
  private static final int LONGEST_REASON = 300;

  private final FetchRequest request;
  private final Instant start;
  private final long startNanos;
  private final Map<Provider, ParentRecordDraft> parents = new LinkedHashMap<>();
  private final Map<StepKey, FetchStep> steps = new LinkedHashMap<>();
  private final Map<Integer, Lost> lost = new HashMap<>();
  private @Nullable Task task;
  private int stepsLeftOut;

  private record StepKey(
      FetchStep.Kind kind, Optional<Provider> from, Optional<Provider> to, String reason) {}

  /** A piece that somebody did not give. */
  private record Lost(Provider parent, String reason) {}

  FetchDraft(FetchRequest request, Instant start, long startNanos) {
    this.request = request;
    this.start = start;
    this.startNanos = startNanos;
  }

  Optional<Task> task() {
    return Optional.ofNullable(task);
  }

  void taskIs(Task found) {
    task = found;
  }

  /** Returns the source of what is fetched. */
  Provider source() {
    URI url = request.content().url();
    String host = String.valueOf(url.getHost());
    return new Provider(
        Provider.Kind.SOURCE, url.getPort() < 0 ? host : host + ":" + url.getPort(), "");
  }

  void taken(Provider parent, int piece, long bytes, long nanos, long now) {
    of(parent).gave(bytes, now - nanos, now);
    Lost before = lost.remove(piece);
    if (before != null && !before.parent().equals(parent)) {
      changed(before.parent(), parent, before.reason(), now);
    }
  }

  void notTaken(Provider parent, int piece, Outcome outcome, String reason, long now) {
    String text = brief(reason);
    of(parent).failed(outcome, text);
    // Who failed first is who was asked first; what comes after is how the gap was closed.
    lost.putIfAbsent(piece, new Lost(parent, words(outcome) + ": " + text));
    if (lost.size() > 10 * MOST_STEPS) {
      lost.clear(); // a fetch that goes this wrong has said enough
    }
  }

  void changed(Provider from, Provider to, String reason, long now) {
    step(FetchStep.Kind.PARENT_CHANGED, Optional.of(from), Optional.of(to), reason, now);
  }

  void happened(FetchStep.Kind kind, String reason, long now) {
    step(kind, Optional.empty(), Optional.empty(), reason, now);
  }

  private void step(
      FetchStep.Kind kind, Optional<Provider> from, Optional<Provider> to, String why, long now) {
    StepKey key = new StepKey(kind, from, to, brief(why));
    Duration at = Duration.ofNanos(now - startNanos);
    FetchStep before = steps.get(key);
    if (before == null && steps.size() >= MOST_STEPS) {
      stepsLeftOut++;
      return;
    }
    Duration first = before == null ? at : before.first();
    int times = before == null ? 1 : before.times() + 1;
    steps.put(key, new FetchStep(kind, first, at, times, from, to, key.reason()));
  }

  private ParentRecordDraft of(Provider parent) {
    return parents.computeIfAbsent(parent, ParentRecordDraft::new);
  }

  private static String words(Outcome outcome) {
    return switch (outcome) {
      case DONE -> "taken";
      case NOT_YET -> "not yet";
      case UNREACHABLE -> "unreachable";
      case REFUSED -> "refused";
      case STALLED -> "stalled";
      case DIGEST_MISMATCH -> "wrong bytes";
      case DROPPED -> "dropped here";
    };
  }

  private static String brief(String reason) {
    return reason.length() <= LONGEST_REASON ? reason : reason.substring(0, LONGEST_REASON) + "…";
  }

  /** Returns the record of a fetch that has ended; empty if it never came to a task. */
  Optional<FetchRecord> ended(
      FetchProgress bytes, Optional<FetchRecord.Failure> failure, long now) {
    if (task == null) {
      return Optional.empty();
    }
    Optional<FetchRecord.Output> output =
        request
            .output()
            .map(path -> path.toAbsolutePath().normalize())
            .map(path -> new FetchRecord.Output(path, bytes.bytes(), Optional.empty()));
    return Optional.of(
        new FetchRecord(
            task.id(),
            request.content().displayUrl(),
            output,
            start,
            Duration.ofNanos(now - startNanos),
            bytes,
            failure.map(f -> new FetchRecord.Failure(f.kind(), brief(f.message()))),
            parents.values().stream()
                .sorted(Comparator.comparingLong(ParentRecordDraft::weight).reversed())
                .limit(MOST_PARENTS)
                .map(ParentRecordDraft::toRecord)
                .toList(),
            List.copyOf(steps.values()),
            stepsLeftOut));
  }
}
