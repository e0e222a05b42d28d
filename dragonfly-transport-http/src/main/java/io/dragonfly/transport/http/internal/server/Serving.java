package io.dragonfly.transport.http.internal.server;

import io.dragonfly.spi.Portion;
import io.dragonfly.spi.ServeRequest;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** What all connections of one server share. Safe for concurrent use. */
final class Serving {
  private static final int MOST_AT_ONCE = 256 << 10;

  private final ServeRequest request;
  private final ServerLimits limits;
  private final LongSupplier activeNanos;
  private final Portion uploadPortion = new Portion(MOST_AT_ONCE);
  private final AtomicInteger connections = new AtomicInteger();
  private final Map<Place, Integer> places = new ConcurrentHashMap<>();
  private final AtomicLong bodyBytes = new AtomicLong();

  /**
   * A server without connections.
   *
   * @param activeNanos what the limits are measured with
   */
  Serving(ServeRequest request, ServerLimits limits, LongSupplier activeNanos) {
    this.request = request;
    this.limits = limits;
    this.activeNanos = activeNanos;
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
  Portion uploadPortion() {
    return uploadPortion;
  }

  /** Where connections come from: an address, or the part of IPv6 that one machine can have. */
  private record Place(ByteBuffer address) {
    private static final int PREFIX_BYTES = 8;

    static Place of(InetAddress client) {
      byte[] bytes = client.getAddress();
      return new Place(ByteBuffer.wrap(Arrays.copyOf(bytes, Math.min(bytes.length, PREFIX_BYTES))));
    }
  }

  /**
   * Takes a place for a connection, if there is one. Who comes from this machine has no limit of
   * its own: many of its processes are behind one address.
   */
  boolean enter(InetAddress client) {
    if (connections.incrementAndGet() > limits.connections()) {
      connections.decrementAndGet();
      return false;
    }
    if (client.isLoopbackAddress()
        || places.merge(Place.of(client), 1, Integer::sum) <= limits.fromOneAddress()) {
      return true;
    }
    leave(client);
    return false;
  }

  /** Gives back the place of a connection that entered. */
  void leave(InetAddress client) {
    connections.decrementAndGet();
    if (!client.isLoopbackAddress()) {
      places.computeIfPresent(Place.of(client), (place, count) -> count > 1 ? count - 1 : null);
    }
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
