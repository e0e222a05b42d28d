package io.dragonfly.internal.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import io.dragonfly.spi.Network;
import io.dragonfly.testkit.LeakCheck;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class ProcessMonitorTest {
  private static final InetAddress HERE = InetAddress.getLoopbackAddress();
  private static final InetAddress NEAR = InetAddresses.forString("10.1.2.3");
  private static final InetAddress FAR = InetAddresses.forString("192.0.2.1");

  private static ProcessMonitor monitor(Optional<Supplier<String>> page) {
    return new ProcessMonitor(
        () -> true,
        page,
        List.of(Network.parse("10.0.0.0/8")),
        (from, token) -> token.equals("right"));
  }

  @Test
  void metricsAreReadHereInTheNamedNetworksAndByOperators() {
    try (ProcessMonitor monitor = monitor(Optional.empty())) {
      assertThat(monitor.mayReadMetrics(HERE, "")).isTrue();
      assertThat(monitor.mayReadMetrics(NEAR, "")).isTrue();
      assertThat(monitor.mayReadMetrics(FAR, "")).isFalse();
      assertThat(monitor.mayReadMetrics(FAR, "wrong")).isFalse();
      assertThat(monitor.mayReadMetrics(FAR, "right")).isTrue();
      assertThat(monitor.metrics()).isEmpty();
    }
  }

  @Test
  void whoAsksMeanwhileGetsTheSamePage() throws Exception {
    AtomicInteger made = new AtomicInteger();
    CountDownLatch goOn = new CountDownLatch(1);
    try (ProcessMonitor monitor =
        monitor(
            Optional.of(
                () -> {
                  int number = made.incrementAndGet();
                  try {
                    goOn.await();
                  } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                  }
                  return "page " + number;
                }))) {
      CompletableFuture<String> first = monitor.metrics().orElseThrow();
      CompletableFuture<String> second = monitor.metrics().orElseThrow();
      goOn.countDown();

      assertThat(first.get(10, TimeUnit.SECONDS)).isEqualTo("page 1");
      assertThat(second.get(10, TimeUnit.SECONDS)).isEqualTo("page 1");
      assertThat(monitor.metrics().orElseThrow().get(10, TimeUnit.SECONDS)).isEqualTo("page 2");
    }
  }
}
