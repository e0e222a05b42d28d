package io.dragonfly.transport.http.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.transport.http.proxy.ProxyCounts;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProxyMetersTest {
  private final AtomicLong requests = new AtomicLong();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  private double shown(String name) {
    return registry.get("dragonfly.proxy." + name).functionCounter().count();
  }

  @Test
  void countsGoOnForAsLongAsTheRegistryIsRead() {
    ProxyMeters.show(registry, () -> new ProxyCounts(requests.get(), 2, 3, 4, 5, 6, 7, 8, 9));
    System.gc(); // nobody but the registry knows what was given to it

    requests.set(1);

    assertThat(shown("requests")).isEqualTo(1);
    assertThat(shown("p2p.requests")).isEqualTo(2);
    assertThat(shown("fallbacks")).isEqualTo(5);
    assertThat(shown("token.requests")).isEqualTo(7);
    assertThat(shown("tunnels")).isEqualTo(9);
  }
}
