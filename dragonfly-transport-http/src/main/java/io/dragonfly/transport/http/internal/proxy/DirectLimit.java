package io.dragonfly.transport.http.internal.proxy;

import java.time.Duration;
import java.util.function.LongUnaryOperator;

/** Holds direct downloads to the same limits as all others. Safe for concurrent use. */
final class DirectLimit {
  /** How often it is checked whether the limit was raised meanwhile. */
  private static final Duration LOOK_EVERY = Duration.ofMillis(250);

  private final LongUnaryOperator take;

  /**
   * A limit.
   *
   * @param take counts bytes, and returns nanoseconds to pause before the next ones
   */
  DirectLimit(LongUnaryOperator take) {
    this.take = take;
  }

  /**
   * Counts bytes that came, and waits until more may come.
   *
   * @return how long the limit asked to wait, in nanoseconds
   * @throws ClientGoneException if the client leaves meanwhile
   */
  long count(int bytes, ProxyResponse answer) throws ClientGoneException {
    long asked = take.applyAsLong(bytes);
    long end = System.nanoTime() + asked;
    for (long left = asked; left > 0; ) {
      answer.pause(Math.min(left, LOOK_EVERY.toNanos()));
      left = Math.min(end - System.nanoTime(), take.applyAsLong(0));
    }
    return asked;
  }
}
