package io.dragonfly.internal.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.rate.Rate;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PaceTest {
  private static final long START = Duration.ofDays(3).toNanos();
  private static final int RATE = 64 << 10;

  private final Pace pace = new Pace(Rate.ofBytes(RATE), START);

  private boolean isTooSlow(double seconds, boolean waits, long bytes) {
    return pace.isTooSlow(START + (long) (seconds * 1e9), waits, bytes);
  }

  @Test
  void nothingNeedComeInTheFirstTenSeconds() {
    assertThat(isTooSlow(9.9, true, 0)).isFalse();
    assertThat(isTooSlow(10.1, true, 0)).isTrue();
  }

  @Test
  void theBytesSoFarMayTakeTheirTimeAndTenSeconds() {
    assertThat(isTooSlow(109, true, 100L * RATE)).isFalse();
    assertThat(isTooSlow(111, true, 101L * RATE)).isFalse();
    assertThat(isTooSlow(112, true, 101L * RATE)).isTrue();
  }

  @Test
  void timeInWhichNothingIsWaitedForDoesNotCount() {
    assertThat(isTooSlow(5, true, 0)).isFalse();
    assertThat(isTooSlow(3600, false, 0)).isFalse();
    assertThat(isTooSlow(3604, true, 0)).isFalse();
    assertThat(isTooSlow(3606, true, 0)).isTrue();
    assertThat(pace.spent()).isEqualTo(Duration.ofSeconds(11));
  }
}
