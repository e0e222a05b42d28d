package io.dragonfly.examples.terminal;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/** How fast a count of bytes has grown over the last seconds. Not safe for concurrent use. */
public final class RecentRate {
  private static final Duration WINDOW = Duration.ofSeconds(4);

  private final Deque<Sample> samples = new ArrayDeque<>();

  private record Sample(long nanos, long bytes) {}

  /** Takes note of the bytes at a moment; moments do not go back. */
  public void add(long nanos, long bytes) {
    samples.addLast(new Sample(nanos, bytes));
    // One sample at or before the window's start stays: the growth since then is what counts.
    while (samples.size() > 2 && nanos - second().nanos() >= WINDOW.toNanos()) {
      samples.removeFirst();
    }
  }

  private Sample second() {
    var all = samples.iterator();
    all.next();
    return all.next();
  }

  /** Returns bytes per second; 0 as long as nothing is known. */
  public double bytesPerSecond() {
    if (samples.size() < 2) {
      return 0;
    }
    Sample first = samples.getFirst();
    Sample last = samples.getLast();
    double seconds = Math.max(last.nanos() - first.nanos(), 1) / 1e9;
    return Math.max(0, last.bytes() - first.bytes()) / seconds;
  }
}
