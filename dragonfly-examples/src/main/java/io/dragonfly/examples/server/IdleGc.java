package io.dragonfly.examples.server;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Gives memory back when it gets quiet, once for all calls that came and all pieces that were given
 * until then. For one thread.
 */
final class IdleGc {
  /**
   * How long nothing must have happened. A client keeps its buffers for five seconds, in case that
   * another call comes; a collection before would leave them for ever.
   */
  static final Duration QUIET = Duration.ofSeconds(8);

  private final Uses uses;
  private final Supplier<Optional<Duration>> sinceGiven;
  private final LongSupplier nanoTime;
  private final Runnable collection;
  private OptionalLong tidied = OptionalLong.empty();

  /**
   * Nothing is tidied so far.
   *
   * @param sinceGiven how long ago something was last given to another peer
   * @param nanoTime the time, as for {@code uses}
   * @param collection what lets buffers and heap go
   */
  IdleGc(
      Uses uses,
      Supplier<Optional<Duration>> sinceGiven,
      LongSupplier nanoTime,
      Runnable collection) {
    this.uses = uses;
    this.sinceGiven = sinceGiven;
    this.nanoTime = nanoTime;
    this.collection = collection;
  }

  /** Tidies if it is quiet now and was not when that was last done. */
  void tidyIfQuiet() {
    OptionalLong lastUse = uses.lastUse();
    if (lastUse.isEmpty()) {
      return;
    }
    long now = nanoTime.getAsLong();
    long sinceUse = now - lastUse.getAsLong();
    long idle = sinceGiven.get().map(given -> Math.min(given.toNanos(), sinceUse)).orElse(sinceUse);
    boolean isDone = tidied.isPresent() && now - tidied.getAsLong() < idle;
    if (idle >= QUIET.toNanos() && !isDone) {
      tidied = OptionalLong.of(now);
      collection.run();
    }
  }
}
