package io.dragonfly.internal.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.testkit.FakeTicker;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class ForwardClockTest {
  private final FakeTicker ticker = new FakeTicker();
  private final ForwardClock clock = new ForwardClock(ticker.clock(), ticker);

  @Test
  void showsTheTimeOfDay() {
    ticker.advance(Duration.ofSeconds(5));
    assertThat(clock.instant()).isEqualTo(ticker.clock().instant());
    ticker.setClock(Duration.ofHours(1));
    assertThat(clock.instant()).isEqualTo(ticker.clock().instant());
  }

  @Test
  void runsAtHalfSpeedAfterTheClockWasSetBackUntilTheTimeOfDayHasCaughtUp() {
    Instant before = clock.instant();
    ticker.setClock(Duration.ofHours(-2));
    assertThat(clock.instant()).isEqualTo(before);

    for (int hour = 1; hour <= 4; hour++) {
      ticker.advance(Duration.ofHours(1));
      assertThat(clock.instant()).isEqualTo(before.plus(Duration.ofMinutes(30L * hour)));
    }
    assertThat(clock.instant()).isEqualTo(ticker.clock().instant());
    ticker.advance(Duration.ofHours(1));
    assertThat(clock.instant()).isEqualTo(ticker.clock().instant());
  }
}
