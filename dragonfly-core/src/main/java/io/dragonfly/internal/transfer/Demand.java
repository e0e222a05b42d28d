package io.dragonfly.internal.transfer;

import io.dragonfly.fetch.FetchMode;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.internal.transfer.swarm.Pushed;
import io.dragonfly.rate.Rate;
import io.dragonfly.task.PieceSpan;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The fetches of one download, and what they want together. Confined to the loop. */
final class Demand {
  private final PieceTable table;
  private final List<RunningFetch> fetches = new ArrayList<>();

  Demand(PieceTable table) {
    this.table = table;
  }

  void add(RunningFetch fetch) {
    fetches.add(fetch);
  }

  boolean remove(RunningFetch fetch) {
    return fetches.remove(fetch);
  }

  /** Returns the fetches as they are now. */
  List<RunningFetch> fetches() {
    return List.copyOf(fetches);
  }

  /** Tells whether one of the fetches asked for the very same thing, in the same way. */
  boolean isSharedBy(FetchRequest request) {
    return fetches.stream()
        .filter(fetch -> fetch.phase() != RunningFetch.Phase.ENDED && fetch.push().isEmpty())
        .map(RunningFetch::request)
        .anyMatch(
            other ->
                other.content().equals(request.content()) && other.pattern() == request.pattern());
  }

  /**
   * Returns a fetch that still collects: its credentials are those to go on with. One that was
   * pushed has none, and must not ask a source, nor another supernode.
   */
  Optional<RunningFetch> credentialHolder() {
    return fetches.stream()
        .filter(fetch -> fetch.isCollecting() && fetch.push().isEmpty())
        .findFirst();
  }

  /** Returns the push of a fetch that still collects and was pushed. */
  Optional<Pushed> pushed() {
    return fetches.stream()
        .filter(RunningFetch::isCollecting)
        .flatMap(fetch -> fetch.push().stream())
        .findFirst();
  }

  /** Tells whether a fetch that still collects is to read the source, whatever the swarm does. */
  boolean asksForSource() {
    return fetches.stream()
        .anyMatch(fetch -> fetch.isCollecting() && fetch.request().pattern() == FetchMode.SOURCE);
  }

  /** Returns the rate of the most generous of the fetches. */
  Optional<Rate> rate() {
    if (fetches.stream().anyMatch(fetch -> fetch.rate().isEmpty())) {
      return Optional.empty();
    }
    return fetches.stream()
        .flatMap(fetch -> fetch.rate().stream())
        .max(Comparator.comparingLong(Rate::bytesPerSecond));
  }

  /** Returns the hull of what the fetches want now. */
  PieceSpan wanted() {
    PieceSpan hull = PieceSpan.NONE;
    for (RunningFetch fetch : fetches) {
      PieceSpan one = fetch.wanted(table.layout());
      if (hull.isEmpty()) {
        hull = one;
      } else if (!one.isEmpty()) {
        hull = new PieceSpan(Math.min(hull.first(), one.first()), Math.max(hull.end(), one.end()));
      }
    }
    return hull;
  }

  /** Tells whether a fetch wants a piece, now or later. */
  boolean wants(int piece) {
    return fetches.stream()
        .anyMatch(fetch -> fetch.isCollecting() && fetch.pieces(table.layout()).contains(piece));
  }

  /** Tells whether something that is wanted now is missing. */
  boolean isWaiting() {
    return fetches.stream()
        .map(fetch -> fetch.wanted(table.layout()))
        .anyMatch(span -> !table.isComplete(span));
  }

  /** Tells whether something that is wanted now or later is missing. */
  boolean isIncomplete() {
    return fetches.stream()
        .anyMatch(fetch -> fetch.isCollecting() && !table.isComplete(fetch.pieces(table.layout())));
  }

  /** Returns missing pieces that nobody is asked for: the first is wanted now, all are later. */
  PieceSpan nextRun() {
    for (RunningFetch fetch : fetches) {
      PieceSpan now = table.nextRun(fetch.wanted(table.layout()));
      if (!now.isEmpty()) {
        PieceSpan later = fetch.pieces(table.layout());
        return table.nextRun(new PieceSpan(now.first(), Math.max(now.end(), later.end())));
      }
    }
    return PieceSpan.NONE;
  }
}
