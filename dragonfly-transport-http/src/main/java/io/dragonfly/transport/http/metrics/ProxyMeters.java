package io.dragonfly.transport.http.metrics;

import io.dragonfly.transport.http.proxy.ProxyCounts;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/** Shows what a proxy has done in a registry, beside what its client does. */
public final class ProxyMeters {
  private final MeterRegistry registry;
  private final Supplier<ProxyCounts> counts;

  private ProxyMeters(MeterRegistry registry, Supplier<ProxyCounts> counts) {
    this.registry = registry;
    this.counts = counts;
  }

  /** Shows the counts of a proxy, under the names that its own page has, from now on. */
  @SuppressWarnings("exports") // who has a registry has its module
  public static void show(MeterRegistry registry, Supplier<ProxyCounts> counts) {
    new ProxyMeters(registry, counts)
        .add("requests", "Requests answered or given up.", ProxyCounts::requests)
        .add("p2p.requests", "Requests answered through the swarm.", ProxyCounts::p2pRequests)
        .add("p2p.bytes", "Bytes of bodies that came through the swarm.", ProxyCounts::p2pBytes)
        .add("direct.bytes", "Bytes of bodies that came directly.", ProxyCounts::directBytes)
        .add("fallbacks", "Requests for which the swarm failed.", ProxyCounts::fallbacks)
        .add(
            "corrupt.bodies", "Bodies without the digest in their URL.", ProxyCounts::corruptBodies)
        .add("token.requests", "Requests for tokens that were sent.", ProxyCounts::tokenRequests)
        .add(
            "refused",
            "Requests refused by a rule, as a loop or as malformed.",
            ProxyCounts::refused)
        .add("tunnels", "Blind tunnels that were opened.", ProxyCounts::tunnels);
  }

  private ProxyMeters add(String name, String help, ToDoubleFunction<ProxyCounts> count) {
    // The registry holds its subject weakly, so that must be what lives as long as it: itself.
    FunctionCounter.builder(
            "dragonfly.proxy." + name, registry, any -> count.applyAsDouble(counts.get()))
        .description(help)
        .register(registry);
    return this;
  }
}
