package io.dragonfly.transport.http.internal.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LinkRateTest {
  private final LinkRate link = new LinkRate();
  private long now = Duration.ofDays(1).toNanos();

  private void receive(int times, int bytes) {
    for (int i = 0; i < times; i++) {
      now += Duration.ofMillis(10).toNanos();
      link.received(now, bytes);
    }
  }

  @Test
  void isUnknownUntilHalfASecondHasPassed() {
    receive(50, 1000);
    assertThat(link.bytesPerSecond()).isZero();
    receive(1, 1000);
    assertThat(link.bytesPerSecond()).isEqualTo(100_000);
  }

  @Test
  void isWhatAllBytesTogetherCameAt() {
    receive(51, 125_000);
    assertThat(link.bytesPerSecond()).isEqualTo(12_500_000);
  }

  @Test
  void aTimeWithoutBytesDoesNotCount() {
    receive(30, 1000);
    now += Duration.ofMinutes(1).toNanos();
    receive(30, 1000);
    assertThat(link.bytesPerSecond()).isZero(); // neither time was long enough
    receive(21, 1000);
    assertThat(link.bytesPerSecond()).isEqualTo(100_000);
  }

  @Test
  void isTheMostOfFourSeconds() {
    receive(51, 5000);
    receive(350, 1000);
    assertThat(link.bytesPerSecond()).isEqualTo(500_000);
    receive(50, 1000);
    assertThat(link.bytesPerSecond()).isEqualTo(100_000);
  }
}
