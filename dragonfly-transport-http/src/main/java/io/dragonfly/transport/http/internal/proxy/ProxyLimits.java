package io.dragonfly.transport.http.internal.proxy;

import java.time.Duration;

/**
 * What a proxy lets its clients do, beside the number of connections.
 *
 * @param idle a connection without a request for this long is closed
 * @param head a request's head that is not whole this long after its first byte is given up
 * @param body a request's body that brings no byte for this long is given up
 * @param send an answer of which the client accepts nothing for this long is given up. Long: a
 *     client that reads slowly has its system's buffers to empty first
 * @param tunnel a tunnel without a byte in either direction for this long is closed
 * @param checkEvery how often waiting connections are looked at
 */
public record ProxyLimits(
    Duration idle,
    Duration head,
    Duration body,
    Duration send,
    Duration tunnel,
    Duration checkEvery) {
  /** The limits that every proxy has. */
  public static final ProxyLimits DEFAULT =
      new ProxyLimits(
          Duration.ofSeconds(90),
          Duration.ofSeconds(15),
          Duration.ofSeconds(60),
          Duration.ofMinutes(5),
          Duration.ofMinutes(15),
          Duration.ofSeconds(5));

  /** Longest first line of a request: signed URLs are long. */
  static final int LINE_BYTES = 16 << 10;

  /** Longest head of a request: tokens are longer. */
  static final int HEAD_BYTES = 64 << 10;

  /** How much is read from a source and handed to the client at a time. */
  static final int PORTION_BYTES = 64 << 10;

  /** With more of an answer on its way to the client than this, no more is sent. */
  static final int PENDING_BYTES = 32 << 10;

  /** How much of a request's body may wait for where it goes. */
  static final int BODY_BYTES = 256 << 10;

  /** Longest config.json. */
  static final int JSON_BYTES = 1 << 20;

  /** Longest manifest that is compared with its digest: twice what registries accept. */
  static final int MANIFEST_BYTES = 8 << 20;

  /** How much of such manifests is held in memory; half of it for one client address. */
  static final long MANIFESTS_BYTES = 64L << 20;

  /** Longest answer of a token service; many are kept. */
  static final int TOKEN_BYTES = 64 << 10;

  /** How long a client that is refused may take to read why. */
  static final Duration LINGER = Duration.ofSeconds(2);

  /** How many connections that are one too many are answered at once; others are just closed. */
  static final int EXCESS_CONNECTIONS = 64;

  /** How often the log says that connections are refused. */
  static final Duration WARN_EVERY = Duration.ofSeconds(10);

  /** How many requests for tokens one service has to answer at once. */
  static final int TOKEN_REQUESTS = 8;
}
