package io.dragonfly.transport.http.internal.server;

import io.dragonfly.spi.Portion;
import io.dragonfly.spi.ServeRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** What all connections of one server share. Safe for concurrent use. */
final class Serving {
  private static final int MOST_AT_ONCE = 256 << 10;

  private final ServeRequest request;
  private final ServerLimits limits;
  private final Portion uploadPortion = new Portion(MOST_AT_ONCE);
  private final AtomicInteger connections = new AtomicInteger();
  private final AtomicLong bodyBytes = new AtomicLong();

  Serving(ServeRequest request, ServerLimits limits) {
    this.request = request;
    this.limits = limits;
  }

  ServeRequest request() {
    return request;
  }

  ServerLimits limits() {
    return limits;
  }

  /** Returns how much to send between two questions to the limiter of uploads. */
  Portion uploadPortion() {
    return uploadPortion;
  }

  /** Takes a place for a connection, if there is one. */
  boolean enter() {
    if (connections.incrementAndGet() > limits.connections()) {
      connections.decrementAndGet();
      return false;
    }
    return true;
  }

  /** Gives back the place of a connection that entered. */
  void leave() {
    connections.decrementAndGet();
  }

  /** Takes memory for a part of a request's body. */
  void takeBody(int bytes) throws Refusal {
    if (bodyBytes.addAndGet(bytes) > limits.bodyBytes()) {
      bodyBytes.addAndGet(-bytes);
      throw new Refusal(
          HttpResponseStatus.SERVICE_UNAVAILABLE, "too many requests at once, come back later");
    }
  }

  /** Gives back memory of a request's body. */
  void giveBackBody(int bytes) {
    bodyBytes.addAndGet(-bytes);
  }
}
