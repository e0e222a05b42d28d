package io.dragonfly.transport.http.internal.client;

import java.time.Duration;

/**
 * How long calls to a supernode may take in real time. Whoever calls has shorter limits, in active
 * time, and cancels a call that reaches one.
 *
 * @param connect to connect: the system does that, however busy the processes are
 * @param call a whole call
 */
record CallLimits(Duration connect, Duration call) {
  /** The limits that every client has. */
  static final CallLimits DEFAULT =
      new CallLimits(PieceConnections.CONNECT, Duration.ofMinutes(10));
}
