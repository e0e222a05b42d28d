package io.dragonfly.load;

import java.util.concurrent.atomic.LongAdder;

/** What went through {@code next}. Safe for concurrent use. */
final class LoadCounts {
  private final LongAdder calls = new LongAdder();
  private final LongAdder reports = new LongAdder();
  private final LongAdder assignments = new LongAdder();

  void add(int reported, int assigned) {
    calls.increment();
    reports.add(reported);
    assignments.add(assigned);
  }

  long calls() {
    return calls.sum();
  }

  long reports() {
    return reports.sum();
  }

  long assignments() {
    return assignments.sum();
  }
}
