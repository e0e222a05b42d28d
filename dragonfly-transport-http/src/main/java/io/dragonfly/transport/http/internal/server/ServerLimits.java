package io.dragonfly.transport.http.internal.server;

import java.time.Duration;

/**
 * What a server lets its clients do.
 *
 * @param connections more than this many at once are closed as they come
 * @param fromOneAddress so many of them may be from one other machine (from one /64 of IPv6)
 * @param idle a connection without a request for this long is closed
 * @param request a request that is not whole this long after its first byte is given up
 * @param send an answer of which the client accepts no byte for this long is given up
 * @param bodyBytes the bodies of unfinished requests of all clients take up no more than this
 * @param checkEvery how often all this is looked at
 */
public record ServerLimits(
    int connections,
    int fromOneAddress,
    Duration idle,
    Duration request,
    Duration send,
    long bodyBytes,
    Duration checkEvery) {
  /** The limits that every server has. */
  public static final ServerLimits DEFAULT =
      new ServerLimits(
          20_000,
          2_000,
          Duration.ofSeconds(60),
          Duration.ofSeconds(10), // with checkEvery, half a head is closed within 15 s
          Duration.ofSeconds(30),
          64L << 20,
          Duration.ofSeconds(5));

  /** Longest first line of a request. */
  static final int LINE_BYTES = 4 << 10;

  /** Longest head of a request. */
  static final int HEAD_BYTES = 16 << 10;

  /** How long a refused client may take to read why. */
  static final Duration LINGER = Duration.ofSeconds(2);
}
