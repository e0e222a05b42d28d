package io.dragonfly.scheduler;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ParentBackoffTest {
  private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);

  private final ParentBackoff backoff = new ParentBackoff();
  private final PeerState parent = new PeerState(new PeerRegistry(() -> 0), Peers.peer(1), false);
  private long now = -7;

  @Test
  void theTimeGrowsWithEachFailureUpToABound() {
    long before = 0;
    for (int i = 0; i < 20; i++) {
      backoff.failed(parent, now);
      long time = untilItIsAskedAgain();
      assertThat(time).isGreaterThanOrEqualTo(before).isLessThan(60_000 * MILLI);
      before = time;
    }
    assertThat(before).isGreaterThan(20_000 * MILLI);
  }

  @Test
  void aPieceFromItEndsIt() {
    backoff.failed(parent, now);
    backoff.succeeded(parent);
    assertThat(backoff.avoids(parent, now)).isFalse();
    backoff.failed(parent, now);
    assertThat(untilItIsAskedAgain()).isLessThan(1000 * MILLI);
  }

  @Test
  void notYetIsAShortPauseAndNoFailure() {
    backoff.pause(parent, now);
    assertThat(backoff.avoids(parent, now)).isTrue();
    assertThat(backoff.hasFailed(parent, now)).isFalse();
    assertThat(untilItIsAskedAgain()).isLessThanOrEqualTo(100 * MILLI);
    backoff.pause(parent, now);
    assertThat(untilItIsAskedAgain()).isLessThanOrEqualTo(100 * MILLI);
  }

  @Test
  void aPauseDoesNotShortenAFailure() {
    backoff.failed(parent, now);
    backoff.pause(parent, now);
    assertThat(untilItIsAskedAgain()).isGreaterThan(300 * MILLI);
  }

  @Test
  void whatIsLongOverIsForgotten() {
    backoff.failed(parent, now);
    backoff.failed(parent, now);
    now += TimeUnit.MINUTES.toNanos(5);
    backoff.expire(now);
    backoff.failed(parent, now);
    assertThat(untilItIsAskedAgain()).isLessThan(1000 * MILLI);
  }

  private long untilItIsAskedAgain() {
    long start = now;
    while (backoff.avoids(parent, now)) {
      now += 10 * MILLI;
    }
    return now - start;
  }
}
