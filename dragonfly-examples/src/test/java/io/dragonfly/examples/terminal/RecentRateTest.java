package io.dragonfly.examples.terminal;

import static org.assertj.core.api.Assertions.assertThat;

import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class RecentRateTest {
  private final RecentRate rate = new RecentRate();

  @Test
  void isZeroAsLongAsNothingIsKnown() {
    assertThat(rate.bytesPerSecond()).isZero();
    rate.add(5, 100);
    assertThat(rate.bytesPerSecond()).isZero();
  }

  @Test
  void isThatOfTheLastSeconds() {
    for (int tenth = 0; tenth <= 100; tenth++) {
      rate.add(tenth * 100_000_000L, tenth < 50 ? tenth * 1000L : 50_000 + (tenth - 50) * 10L);
    }

    assertThat(rate.bytesPerSecond()).isEqualTo(100, Offset.offset(1.0));
  }

  @Test
  void isZeroOnceNothingHasComeForLong() {
    rate.add(0, 0);
    rate.add(1_000_000_000, 1000);
    rate.add(20_000_000_000L, 1000);
    rate.add(40_000_000_000L, 1000);

    assertThat(rate.bytesPerSecond()).isZero();
  }
}
