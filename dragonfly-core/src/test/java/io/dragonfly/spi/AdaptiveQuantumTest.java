package io.dragonfly.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class AdaptiveQuantumTest {
  private static final int MOST = 256 << 10;

  private final AdaptiveQuantum portion = new AdaptiveQuantum(MOST);

  @Test
  void startsSmallAndGrowsWhileThereIsNoPause() {
    assertThat(portion.bytes()).isEqualTo(16 << 10);
    for (int i = 0; i < 10; i++) {
      portion.paused(0);
    }
    assertThat(portion.bytes()).isEqualTo(MOST);
  }

  @Test
  void findsWhatMakesNoLongPause() {
    for (int rate : new int[] {10 << 10, 1 << 20, 100 << 20}) {
      for (int i = 0; i < 20; i++) {
        portion.paused(portion.bytes() * 1_000_000_000L / rate);
      }
      long pause = portion.bytes() * 1_000_000_000L / rate;
      assertThat(Duration.ofNanos(pause)).isLessThanOrEqualTo(Duration.ofMillis(110));
    }
  }

  @Test
  void isNeverLessThanAKibibyte() {
    for (int i = 0; i < 20; i++) {
      portion.paused(Duration.ofHours(1).toNanos());
    }
    assertThat(portion.bytes()).isEqualTo(1 << 10);
    assertThat(new AdaptiveQuantum(100).bytes()).isEqualTo(100);
  }
}
