package io.dragonfly.transport.http.internal.server;

import io.dragonfly.control.SecurityEvent;
import io.dragonfly.internal.queue.HostKey;
import io.dragonfly.internal.queue.KeyedBudget;
import io.dragonfly.spi.AdaptiveQuantum;
import io.dragonfly.spi.ServeRequest;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.net.InetAddress;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What all connections of one server share. Safe for concurrent use. */
final class Serving {
  private static final int MOST_AT_ONCE = 256 << 10;

  /** All clients that have no share. */
  private static final HostKey THIS_MACHINE = new HostKey("this machine");

  private final ServeRequest request;
  private final ServerLimits limits;
  private final LongSupplier activeNanos;
  private final AdaptiveQuantum uploadPortion = new AdaptiveQuantum(MOST_AT_ONCE);
  private final KeyedBudget<HostKey> connections;
  private final KeyedBudget<HostKey> excess;
  private final KeyedBudget<HostKey> bodies;
  private final Handshakes handshakes;

  /**
   * A server without connections.
   *
   * @param activeNanos what the limits are measured with
   */
  Serving(ServeRequest request, ServerLimits limits, LongSupplier activeNanos) {
    this.request = request;
    this.limits = limits;
    this.activeNanos = activeNanos;
    this.connections =
        budget(limits.connections(), KeyedBudget.part(limits.connections(), limits.share()));
    this.excess = budget(limits.excess(), KeyedBudget.part(limits.excess(), limits.share()));
    this.bodies = budget(limits.bodyBytes(), limits.addressBodyBytes());
    this.handshakes = new Handshakes(limits.handshakes(), limits.share());
  }

  private static KeyedBudget<HostKey> budget(long most, long each) {
    return new KeyedBudget<>(most, place -> place.equals(THIS_MACHINE) ? most : each);
  }

  ServeRequest request() {
    return request;
  }

  ServerLimits limits() {
    return limits;
  }

  long activeNanos() {
    return activeNanos.getAsLong();
  }

  /** Returns how much to send between two questions to the limiter of uploads. */
  AdaptiveQuantum uploadPortion() {
    return uploadPortion;
  }

  /** Whether a connection is served. */
  enum Entry {
    SERVED,
    /** There are too many: it is told so, and closed. */
    TOLD,
    /** There are too many even of those. */
    CLOSED
  }

  private HostKey place(InetAddress client) {
    return limits.isThisMachine().test(client) ? THIS_MACHINE : HostKey.of(client);
  }

  /**
   * Takes a place for a connection, if there is one. Anyone who comes from this machine has no
   * share: many of its processes are behind one address.
   */
  Entry enter(InetAddress client) {
    HostKey place = place(client);
    if (connections.take(place, 1) == KeyedBudget.Grant.TAKEN) {
      return Entry.SERVED;
    }
    boolean isTold = excess.take(place, 1) == KeyedBudget.Grant.TAKEN;
    return isTold ? Entry.TOLD : Entry.CLOSED;
  }

  /** Tells that a connection is closed at once, since there are too many. */
  void tellClosed(InetAddress client) {
    request
        .security()
        .accept(
            SecurityEvent.refused(
                SecurityEvent.Kind.BUDGET_EXCEEDED,
                "",
                SecurityEvent.text(client),
                "connection",
                "there are too many connections, in all or from this address"));
  }

  /** Gives back the place of a connection that entered. */
  void leave(InetAddress client, Entry entry) {
    switch (entry) {
      case SERVED -> connections.giveBack(place(client), 1);
      case TOLD -> excess.giveBack(place(client), 1);
      case CLOSED -> {}
    }
  }

  /**
   * Begins the TLS handshake of a client when it is its turn, as {@link Handshakes#begin} says: at
   * once if it is on this machine, whose processors it can use in any case.
   */
  Handshakes.@Nullable Waiting handshake(InetAddress client, EventLoop loop, Runnable begin) {
    HostKey place = place(client);
    if (place.equals(THIS_MACHINE)) {
      begin.run();
      return null;
    }
    return handshakes.begin(place, loop, begin);
  }

  /** The client is gone: its handshake need not begin. */
  void cancel(Handshakes.Waiting waiting) {
    handshakes.cancel(waiting);
  }

  private boolean isStranger(InetAddress client) {
    return !limits.isThisMachine().test(client) && !request.isKnown(client);
  }

  /** Checks the length of a request's body before any of it is kept. */
  void checkBody(InetAddress client, long length) throws ServerRefusal {
    if (length > ServerLimits.STRANGERS_BODY_BYTES && isStranger(client)) {
      throw busy("a first request from %s may have %d bytes at most, until a peer there has registered"
              .formatted(client.getHostAddress(), ServerLimits.STRANGERS_BODY_BYTES))
          .as(SecurityEvent.Kind.BUDGET_EXCEEDED);
    }
  }

  /** Takes memory for a part of a request's body. */
  void takeBody(InetAddress client, int bytes) throws ServerRefusal {
    long atMost = isStranger(client) ? limits.strangersBodyBytes() : Long.MAX_VALUE;
    switch (bodies.take(place(client), bytes, atMost)) {
      case TAKEN -> {}
      case KEY_IS_FULL ->
          throw busy("too many requests at once from %s, come back later"
                  .formatted(client.getHostAddress()))
              .as(SecurityEvent.Kind.BUDGET_EXCEEDED);
      case ALL_IS_FULL -> throw busy("too many requests at once, come back later");
    }
  }

  static ServerRefusal busy(String message) {
    return new ServerRefusal(HttpResponseStatus.SERVICE_UNAVAILABLE, message);
  }

  /** Gives back memory of a request's body. */
  void giveBackBody(InetAddress client, int bytes) {
    bodies.giveBack(place(client), bytes);
  }
}
