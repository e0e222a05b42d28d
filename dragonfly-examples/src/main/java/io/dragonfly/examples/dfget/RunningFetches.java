package io.dragonfly.examples.dfget;

import io.dragonfly.fetch.Fetch;
import io.dragonfly.rate.Rate;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** The fetches that calls of one peer wait for now. Safe for concurrent use. */
public final class RunningFetches {
  private final List<Entry> entries = new CopyOnWriteArrayList<>();

  /** No fetches so far. */
  public RunningFetches() {}

  /** A fetch that runs, until it is closed. */
  static final class Entry implements AutoCloseable {
    private final RunningFetches all;
    private final Fetch fetch;
    private final Optional<String> callSystem;
    private volatile Optional<Rate> rate;

    private Entry(RunningFetches all, Fetch fetch, Optional<String> callSystem) {
      this.all = all;
      this.fetch = fetch;
      this.callSystem = callSystem;
      this.rate = fetch.request().rate();
    }

    Fetch fetch() {
      return fetch;
    }

    /** Returns the label of who asked. */
    Optional<String> callSystem() {
      return callSystem;
    }

    /** Returns how fast it may be. */
    Optional<Rate> rate() {
      return rate;
    }

    /**
     * Changes how fast it may be.
     *
     * @throws IllegalArgumentException if it cannot be so slow
     */
    void setRate(Optional<Rate> limit) {
      fetch.setRate(limit);
      rate = limit;
    }

    @Override
    public void close() {
      all.entries.remove(this);
    }
  }

  /** Adds a fetch. */
  Entry add(Fetch fetch, Optional<String> callSystem) {
    Entry entry = new Entry(this, fetch, callSystem);
    entries.add(entry);
    return entry;
  }

  /** Returns the fetches that run now. */
  List<Entry> now() {
    return List.copyOf(entries);
  }
}
