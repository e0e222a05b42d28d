package io.dragonfly.internal.transfer.swarm;

import io.dragonfly.control.Terms;
import io.dragonfly.internal.loop.Timers;
import java.time.Instant;
import java.util.function.Supplier;

/**
 * The supernode's time, as of its last answer and counted on from there. Safe for concurrent use.
 */
public final class SupernodeClock implements Supplier<Instant> {
  private final Timers timers;
  private volatile Reading last;

  private record Reading(Instant time, long nanos) {}

  /** Shows this machine's time until a supernode has answered. */
  public SupernodeClock(Timers timers) {
    this.timers = timers;
    this.last = new Reading(Instant.now(), timers.nanos());
  }

  void set(Terms terms) {
    last = new Reading(terms.now(), timers.nanos());
  }

  @Override
  public Instant get() {
    Reading reading = last;
    return reading.time().plusNanos(timers.nanos() - reading.nanos());
  }
}
