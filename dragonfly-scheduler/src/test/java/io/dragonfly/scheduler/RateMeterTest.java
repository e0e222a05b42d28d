package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class RateMeterTest {
  private static final long PIECE = 1_000_000;
  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  private final RateMeter meter = new RateMeter(0.5, 0.25);
  private long now = 5 * MILLI;

  RateMeterTest() {
    meter.resumed(now, true);
  }

  @Test
  void piecesAtTheSameTimeCountTogether() {
    for (int i = 0; i < 20; i++) {
      now += 400 * MILLI;
      for (int together = 0; together < 4; together++) {
        meter.arrived(now, PIECE, true, true);
      }
    }
    assertThat(meter.rate()).isCloseTo(10e6, within(1e6));
  }

  @Test
  void whoHadTooLittleToCarryStaysUnknown() {
    arrive(10, 50 * MILLI, false);
    assertThat(meter.isKnown()).isFalse();
    assertThat(meter.least()).isCloseTo(20e6, within(1e6));
  }

  @Test
  void whoMayHaveWaitedForOthersStaysUnknown() {
    for (int i = 0; i < 20; i++) {
      now += 50 * MILLI;
      meter.arrived(now, PIECE, true, false);
    }
    assertThat(meter.isKnown()).isFalse();
  }

  @Test
  void slowPiecesAreMeasuredToo() {
    arrive(12, 700 * MILLI, true);
    assertThat(meter.rate()).isCloseTo(1e6 / 0.7, within(1e5));
  }

  @Test
  void aHigherRateIsBelievedSoonAndALowerOneSlowly() {
    arrive(20, 100 * MILLI, true);
    assertThat(meter.rate()).isCloseTo(10e6, within(1e5));
    arrive(16, 50 * MILLI, true);
    assertThat(meter.rate()).isGreaterThan(17e6);
    arrive(4, 200 * MILLI, true);
    assertThat(meter.rate()).isBetween(14e6, 18e6);
    arrive(200, 200 * MILLI, true);
    assertThat(meter.rate()).isCloseTo(5e6, within(1e5));
  }

  @Test
  void aLowerRateIsNotBelievedOfALinkThatHadLittleToCarry() {
    arrive(20, 50 * MILLI, true);
    double before = meter.rate();
    arrive(20, 500 * MILLI, false);
    assertThat(meter.rate()).isEqualTo(before);
  }

  @Test
  void idleTimeDoesNotCount() {
    for (int i = 0; i < 30; i++) {
      now += 100 * MILLI;
      meter.arrived(now, PIECE, true, true);
      meter.paused(now);
      now += 5000 * MILLI;
      meter.resumed(now, true);
    }
    assertThat(meter.least()).isCloseTo(10e6, within(1e5));
  }

  @Test
  void driftsUpwardsOnly() {
    arrive(20, 100 * MILLI, true);
    meter.drift(5e6, 0.5);
    assertThat(meter.rate()).isCloseTo(10e6, within(1e5));
    meter.drift(20e6, 0.5);
    assertThat(meter.rate()).isCloseTo(15e6, within(1e5));
  }

  @Test
  void isSaturatedIfItCarriesAboutWhatItCan() {
    assertThat(meter.isSaturated()).isFalse();
    arrive(20, 100 * MILLI, true);
    assertThat(meter.isSaturated()).isTrue();
    arrive(2, 700 * MILLI, false);
    assertThat(meter.isSaturated()).isFalse();
  }

  private void arrive(int pieces, long apart, boolean isLoaded) {
    for (int i = 0; i < pieces; i++) {
      now += apart;
      meter.arrived(now, PIECE, isLoaded, true);
    }
  }
}
