package io.dragonfly.internal.transfer;

import io.dragonfly.control.Queued;
import io.dragonfly.error.DistributionException;
import io.dragonfly.fetch.FetchMode;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.task.ContentRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Finds out which task a request gets: one question for all fetches that ask for the same thing
 * with the same credentials. Confined to the loop.
 */
abstract class TaskLookup {
  private final FetchRequest request;
  private final List<RunningFetch> waiting = new ArrayList<>();
  private Consumer<TaskLookup> onEnd = lookup -> {};
  private boolean over;

  TaskLookup(FetchRequest request) {
    this.request = request;
  }

  final ContentRequest content() {
    return request.content();
  }

  final FetchRequest request() {
    return request;
  }

  final FetchMode pattern() {
    return request.pattern();
  }

  /** Tells whether the answer will hold for this request too. */
  boolean isFor(FetchRequest other) {
    return other.content().equals(request.content())
        && other.pattern() == request.pattern()
        && other.range().equals(request.range());
  }

  final void add(RunningFetch fetch) {
    waiting.add(fetch);
  }

  /** Asks. */
  final void start(Consumer<TaskLookup> whenOver) {
    onEnd = whenOver;
    ask();
  }

  abstract void ask();

  /** Drops the question. */
  abstract void cancelProbe();

  /** Returns what the question waits for before it is put; empty if it does not wait. */
  Optional<Queued> queued() {
    return Optional.empty();
  }

  /** Returns the fetches that wait for the answer. */
  final List<RunningFetch> fetches() {
    return List.copyOf(waiting);
  }

  final boolean isOver() {
    return over;
  }

  /** A fetch waits no longer. Without any there is no need for an answer. */
  final void remove(RunningFetch fetch) {
    if (waiting.remove(fetch) && waiting.isEmpty() && !over) {
      end();
      cancelProbe();
    }
  }

  /** Hands the fetches over. */
  final void found(Download download) {
    end();
    List<RunningFetch> all = List.copyOf(waiting);
    waiting.clear();
    all.forEach(download::attach);
  }

  /** Lets the fetches fail. */
  final void failed(DistributionException failure, Downloads downloads) {
    end();
    List<RunningFetch> all = List.copyOf(waiting);
    waiting.clear();
    all.forEach(fetch -> downloads.ended(fetch, failure));
  }

  private void end() {
    over = true;
    onEnd.accept(this);
  }
}
