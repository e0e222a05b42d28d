package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** When it is found out again what is usual. */
class PeerRegistryTest {
  private static final long MILLI = 1_000_000;

  private final AtomicLong nanos = new AtomicLong();
  private final PeerRegistry registry = new PeerRegistry(nanos::get);
  private final PeerState one = registry.peer(Peers.peer(1), false);
  private final PeerState other = registry.peer(Peers.peer(2), false);

  @Test
  void onceASecondWhileNothingArrives() {
    assertThat(reviewsInThreeSeconds(false)).isEqualTo(3);
  }

  @Test
  void onceForEachArrivalWhileNothingIsUsual() {
    assertThat(reviewsInThreeSeconds(true)).isEqualTo(30);
    registry.pieceArrived();
    registry.pieceArrived();
    assertThat(registry.review()).isTrue();
    assertThat(registry.review()).isFalse();
  }

  @Test
  void onceASecondWhateverArrivesWhenSomethingIsUsual() {
    RateMeter meter = one.up().meter();
    meter.resumed(0, true);
    for (int piece = 1; piece <= 4; piece++) {
      meter.arrived(piece * 100 * MILLI, 300_000, true, true);
    }
    registry.review();
    assertThat(registry.upRate(other)).isCloseTo(3e6, within(1.0));
    assertThat(reviewsInThreeSeconds(true)).isEqualTo(3);
  }

  @Test
  void aPeerIsNotGoneBecauseTwoGotNothingFromItAtDifferentTimes() {
    PeerState third = registry.peer(Peers.peer(3), false);
    one.failed(other, 0);
    one.failed(third, Limits.FAILED_NANOS + 1);
    assertThat(one.isGone()).isFalse();

    one.failed(other, Limits.FAILED_NANOS + 2);
    assertThat(one.isGone()).isTrue();
  }

  private int reviewsInThreeSeconds(boolean isArriving) {
    int reviews = 0;
    for (int tick = 0; tick < 30; tick++) {
      nanos.addAndGet(100 * MILLI);
      if (isArriving) {
        registry.pieceArrived();
      }
      reviews += registry.review() ? 1 : 0;
    }
    return reviews;
  }
}
