package io.dragonfly.internal.history;

import io.dragonfly.control.Outcome;
import io.dragonfly.home.ParentRecord;
import io.dragonfly.home.ParentRecord.Failures;
import io.dragonfly.home.Provider;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What is known so far of one parent of a fetch that runs. Not thread-safe. */
final class ParentRecordDraft {
  private final Provider parent;
  private final Map<Outcome, Failures> failures = new EnumMap<>(Outcome.class);
  private long bytes;
  private int pieces;
  private long busyNanos;
  private long busyUntil = Long.MIN_VALUE;

  ParentRecordDraft(Provider parent) {
    this.parent = parent;
  }

  void gave(long more, long fromNanos, long untilNanos) {
    bytes += more;
    pieces++;
    // Pieces end one after the other, but several are on their way at once: each moment counts
    // once.
    busyNanos += Math.max(0, untilNanos - Math.max(fromNanos, busyUntil));
    busyUntil = Math.max(busyUntil, untilNanos);
  }

  void failed(Outcome outcome, String reason) {
    failures.merge(
        outcome,
        new Failures(outcome, 1, reason),
        (old, one) -> new Failures(outcome, old.count() + 1, reason));
  }

  /** Says which parents are left out first where there are too many. */
  long weight() {
    return bytes + (failures.isEmpty() ? 0 : Long.MAX_VALUE / 2);
  }

  ParentRecord toRecord() {
    return new ParentRecord(
        parent, bytes, pieces, Duration.ofNanos(busyNanos), List.copyOf(failures.values()));
  }
}
