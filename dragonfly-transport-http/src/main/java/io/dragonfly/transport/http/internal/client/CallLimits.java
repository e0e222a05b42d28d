package io.dragonfly.transport.http.internal.client;

import java.time.Duration;

/**
 * How long calls to a supernode may take.
 *
 * @param connect to connect
 * @param register a registration: the source may take its time to answer the supernode's question
 * @param prompt a call that the supernode answers at once
 * @param beyondPatience a long-poll, more than the patience that it states
 */
record CallLimits(Duration connect, Duration register, Duration prompt, Duration beyondPatience) {
  /** The limits that every client has. */
  static final CallLimits DEFAULT =
      new CallLimits(
          Duration.ofSeconds(1),
          Duration.ofSeconds(60),
          Duration.ofSeconds(10),
          Duration.ofSeconds(5));
}
