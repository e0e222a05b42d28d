package io.dragonfly.transport.http.internal.server;

import io.dragonfly.internal.queue.KeyedBudget;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.transport.http.internal.wire.Wire;
import java.net.InetAddress;
import java.time.Duration;
import java.util.function.Predicate;

/**
 * What a server lets its clients do.
 *
 * @param connections so many may be open at once
 * @param share the part of the connections and of the memory for bodies that one client address (or
 *     one /64 of IPv6) may use
 * @param idle a connection without a request for this long is closed
 * @param request a request that is not whole this long after its first byte is given up
 * @param send an answer of which the client accepts no byte for this long is given up
 * @param bodyBytes the bodies of unfinished requests of all clients take up no more than this
 * @param checkEvery how often all this is looked at
 * @param handshakes how many TLS handshakes may begin in a while; one client address may begin its
 *     share of them, and the others wait
 * @param isThisMachine tells which clients have no share: many processes are behind such an address
 */
public record ServerLimits(
    int connections,
    double share,
    Duration idle,
    Duration request,
    Duration send,
    long bodyBytes,
    Duration checkEvery,
    HandshakeRate handshakes,
    Predicate<InetAddress> isThisMachine) {
  /**
   * A bound on TLS handshakes.
   *
   * @param most how many may begin within the time; in any such time, not only in the first
   */
  public record HandshakeRate(int most, Duration within) {
    /**
     * One cost 3 to 5 ms of processor time when measured, so all of them together leave about half
     * of it to the requests of those who are connected.
     */
    static final HandshakeRate DEFAULT =
        new HandshakeRate(150 * Runtime.getRuntime().availableProcessors(), Duration.ofSeconds(1));
  }

  /** The limits that every server has. */
  public static final ServerLimits DEFAULT =
      new ServerLimits(
          20_000,
          ServeRequest.DEFAULT_SHARE,
          Duration.ofSeconds(60),
          Duration.ofSeconds(10), // with checkEvery, half a head is closed within 15 s
          Duration.ofSeconds(30),
          64L << 20,
          Duration.ofSeconds(5));

  /** Longest first line of a request. */
  static final int LINE_BYTES = 4 << 10;

  /** Longest head of a request. */
  static final int HEAD_BYTES = 16 << 10;

  /**
   * Longest body of a request from an address of which no peer takes part: longer than those that
   * peers send first.
   */
  static final int STRANGERS_BODY_BYTES = 320 << 10;

  /** The part of an address' share of the memory for bodies that it has until a peer takes part. */
  private static final int STRANGERS_PART = 4;

  /** Connections above the limits that are told so, for each that is served. */
  private static final double EXCESS = 0.05;

  /** How long a refused client may take to read why. */
  static final Duration LINGER = Duration.ofSeconds(2);

  /** Limits under which every client with a loopback address is on this machine. */
  public ServerLimits(
      int connections,
      double share,
      Duration idle,
      Duration request,
      Duration send,
      long bodyBytes,
      Duration checkEvery) {
    this(
        connections,
        share,
        idle,
        request,
        send,
        bodyBytes,
        checkEvery,
        HandshakeRate.DEFAULT,
        InetAddress::isLoopbackAddress);
  }

  /** Returns the same limits with another bound on handshakes. */
  public ServerLimits withHandshakes(HandshakeRate other) {
    return new ServerLimits(
        connections, share, idle, request, send, bodyBytes, checkEvery, other, isThisMachine);
  }

  /** Returns the same limits with another share of each client address. */
  public ServerLimits withShare(double other) {
    return new ServerLimits(
        connections, other, idle, request, send, bodyBytes, checkEvery, handshakes, isThisMachine);
  }

  /** Returns the same limits with other clients that have no share. */
  public ServerLimits withThisMachine(Predicate<InetAddress> other) {
    return new ServerLimits(
        connections, share, idle, request, send, bodyBytes, checkEvery, handshakes, other);
  }

  /** Returns how many connections above the limits may be open to be told so. */
  int excess() {
    return (int) KeyedBudget.part(connections, EXCESS);
  }

  /** Returns how many bytes the bodies of one address may have at once: one at least. */
  long addressBodyBytes() {
    return Math.max(KeyedBudget.part(bodyBytes, share), Wire.MAX_REQUEST_BYTES);
  }

  /** Returns the same for an address of which no peer takes part. */
  long strangersBodyBytes() {
    return Math.max(addressBodyBytes() / STRANGERS_PART, STRANGERS_BODY_BYTES);
  }
}
