package io.dragonfly.transport.http.internal.proxy;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * The hosts whose certificate was good a moment ago: engines open a connection for each request,
 * and each would ask once more. Safe for concurrent use.
 */
final class VerifiedHosts {
  private static final Duration FRESH = Duration.ofSeconds(60);
  private static final int MOST = 1000;

  private final LongSupplier nanoClock;

  @GuardedBy("this")
  private final Map<Authority, Long> since = new LinkedHashMap<>(16, 0.75f, true);

  VerifiedHosts(LongSupplier nanoClock) {
    this.nanoClock = nanoClock;
  }

  synchronized boolean contains(Authority authority) {
    Long at = since.get(authority);
    return at != null && nanoClock.getAsLong() - at < FRESH.toNanos();
  }

  synchronized void add(Authority authority) {
    since.put(authority, nanoClock.getAsLong());
    if (since.size() > MOST) {
      since.remove(since.keySet().iterator().next());
    }
  }
}
