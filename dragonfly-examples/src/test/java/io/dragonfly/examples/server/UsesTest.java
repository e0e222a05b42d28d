package io.dragonfly.examples.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class UsesTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final AtomicLong now = new AtomicLong(5);
  private final Uses uses = new Uses(now::get);

  @Test
  void isIdleOnceTheTimeAfterTheLastUseIsOver() throws Exception {
    assertThat(uses.begin()).isTrue();
    now.addAndGet(MINUTE.toNanos());
    uses.end();
    now.addAndGet(MINUTE.toNanos());

    assertThat(uses.awaitIdle(MINUTE, Optional::empty)).isTrue();
  }

  @Test
  void givingToOthersIsAUse() throws Exception {
    now.addAndGet(MINUTE.toNanos());
    CompletableFuture<Boolean> idle = new CompletableFuture<>();
    Thread waiting =
        new Thread(
            () -> {
              try {
                idle.complete(uses.awaitIdle(MINUTE, () -> Optional.of(Duration.ZERO)));
              } catch (InterruptedException e) {
                idle.completeExceptionally(e);
              }
            });
    waiting.start();

    uses.stop();

    assertThat(idle.get(10, TimeUnit.SECONDS)).isFalse();
  }

  @Test
  void takesNoUseOnceItStops() throws Exception {
    assertThat(uses.begin()).isTrue();
    uses.stop();
    assertThat(uses.begin()).isFalse();
    assertThat(uses.running()).isEqualTo(1);
    assertThat(uses.lastUse()).isEmpty();
    uses.end();
    uses.awaitNone();
    assertThat(uses.lastUse()).hasValue(5);
  }

  @Test
  void withoutATimeOnlyAStopEndsIt() throws Exception {
    now.addAndGet(Duration.ofDays(1000).toNanos());
    uses.stop();

    assertThat(uses.awaitIdle(Duration.ZERO, Optional::empty)).isFalse();
    assertThat(uses.awaitTime(MINUTE)).isFalse();
  }
}
