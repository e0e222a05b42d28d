package io.dragonfly.internal.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class BackoffTest {
  @Test
  void eachWaitIsTwiceTheOneBeforeUpToTheLimit() {
    Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofMillis(350), () -> 0);
    assertThat(backoff.next()).isEqualTo(Duration.ofMillis(100));
    assertThat(backoff.next()).isEqualTo(Duration.ofMillis(200));
    assertThat(backoff.next()).isEqualTo(Duration.ofMillis(350));
    assertThat(backoff.tries()).isEqualTo(3);
    backoff.reset();
    assertThat(backoff.next()).isEqualTo(Duration.ofMillis(100));
  }

  @Test
  void chanceTakesHalfOfItAtMost() {
    Backoff backoff = new Backoff(Duration.ofMillis(100), Duration.ofSeconds(1), () -> 0.999999);
    assertThat(backoff.next()).isBetween(Duration.ofMillis(50), Duration.ofMillis(51));
  }

  @Test
  void manyTriesDoNotOverflow() {
    Backoff backoff = new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(2), () -> 0);
    for (int i = 0; i < 1000; i++) {
      assertThat(backoff.next()).isBetween(Duration.ofSeconds(1), Duration.ofSeconds(2));
    }
  }
}
