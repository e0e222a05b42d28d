package io.dragonfly.transport.http.internal.proxy;

import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts connections, in all and for each client address: one client must not take those of all
 * others. Safe for concurrent use.
 */
final class ClientConnections {
  /** All of one /64 of IPv6 is as easy to have as one address of it. */
  private static final int PREFIX_BYTES = 8;

  private final int most;
  private final int mostPerClient;
  private final AtomicInteger all = new AtomicInteger();
  private final Map<ByteBuffer, Integer> clients = new ConcurrentHashMap<>();

  /** Whether there is a place for a connection, and if not, for whom there is none. */
  enum Entry {
    ADMITTED,
    TOO_MANY_OF_CLIENT,
    TOO_MANY
  }

  ClientConnections(int most, int mostPerClient) {
    this.most = most;
    this.mostPerClient = mostPerClient;
  }

  /** Counts a connection; it is counted until {@link #leave} only if it was admitted. */
  Entry enter(InetAddress client) {
    if (all.incrementAndGet() > most) {
      all.decrementAndGet();
      return Entry.TOO_MANY;
    }
    if (clients.merge(key(client), 1, Integer::sum) > mostPerClient) {
      leave(client);
      return Entry.TOO_MANY_OF_CLIENT;
    }
    return Entry.ADMITTED;
  }

  void leave(InetAddress client) {
    all.decrementAndGet();
    clients.computeIfPresent(key(client), (key, count) -> count == 1 ? null : count - 1);
  }

  private static ByteBuffer key(InetAddress client) {
    byte[] bytes = client.getAddress();
    return ByteBuffer.wrap(Arrays.copyOf(bytes, Math.min(bytes.length, PREFIX_BYTES)));
  }
}
