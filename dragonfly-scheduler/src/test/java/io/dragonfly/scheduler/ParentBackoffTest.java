package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class AvoidanceTest {
  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  private final Avoidance avoidance = new Avoidance();
  private final PeerState parent = new PeerState(new Fleet(() -> 0), Peers.peer(1), false);
  private long now = -7;

  @Test
  void theTimeGrowsWithEachFailureUpToABound() {
    long before = 0;
    for (int i = 0; i < 20; i++) {
      avoidance.failed(parent, now);
      long time = untilItIsAskedAgain();
      assertThat(time).isGreaterThanOrEqualTo(before).isLessThan(60_000 * MILLI);
      before = time;
    }
    assertThat(before).isGreaterThan(20_000 * MILLI);
  }

  @Test
  void aPieceFromItEndsIt() {
    avoidance.failed(parent, now);
    avoidance.succeeded(parent);
    assertThat(avoidance.avoids(parent, now)).isFalse();
    avoidance.failed(parent, now);
    assertThat(untilItIsAskedAgain()).isLessThan(1000 * MILLI);
  }

  @Test
  void notYetIsAShortPauseAndNoFailure() {
    avoidance.pause(parent, now);
    assertThat(avoidance.avoids(parent, now)).isTrue();
    assertThat(avoidance.hasFailed(parent, now)).isFalse();
    assertThat(untilItIsAskedAgain()).isLessThanOrEqualTo(100 * MILLI);
    avoidance.pause(parent, now);
    assertThat(untilItIsAskedAgain()).isLessThanOrEqualTo(100 * MILLI);
  }

  @Test
  void aPauseDoesNotShortenAFailure() {
    avoidance.failed(parent, now);
    avoidance.pause(parent, now);
    assertThat(untilItIsAskedAgain()).isGreaterThan(300 * MILLI);
  }

  @Test
  void whatIsLongOverIsForgotten() {
    avoidance.failed(parent, now);
    avoidance.failed(parent, now);
    now += TimeUnit.MINUTES.toNanos(5);
    avoidance.expire(now);
    avoidance.failed(parent, now);
    assertThat(untilItIsAskedAgain()).isLessThan(1000 * MILLI);
  }

  private long untilItIsAskedAgain() {
    long start = now;
    while (avoidance.avoids(parent, now)) {
      now += 10 * MILLI;
    }
    return now - start;
  }
}
