package io.dragonfly.internal.rate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.dragonfly.internal.rate.LimitWords.Direction;
import io.dragonfly.internal.rate.LimitWords.Place;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.RateLimiterContract;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

/** A flow alone is a limiter like any other; several of one host are together what one is. */
class HostFlowTest extends RateLimiterContract {
  private static final int MIB = 1 << 20;
  private static final float RATE = 10 * MIB;
  private static final Percentage CLOSE = Percentage.withPercentage(5);

  private final FakeTicker clock = new FakeTicker();
  private final LimitWords words = LimitWords.alone();

  @Override
  protected RateLimiter create(Optional<Rate> rate, LongSupplier nanoClock) {
    LimitWords own = LimitWords.alone();
    Place place = own.show(Place.NONE, 0, nanoClock.getAsLong());
    HostFlow flow = new HostFlow(Direction.DOWN, own, nanoClock);
    RateLimiter limiter =
        new RateLimiter() {
          @Override
          public long take(long bytes) {
            return flow.take(bytes);
          }

          @Override
          public void setRate(Optional<Rate> newRate) {
            flow.set(
                own,
                place,
                newRate.map(r -> (float) r.bytesPerSecond()).orElse(Float.POSITIVE_INFINITY));
          }
        };
    limiter.setRate(rate);
    return limiter;
  }

  /** A process that takes all it can get, in chunks. */
  private final class Taker {
    private final HostFlow flow = new HostFlow(Direction.DOWN, words, clock);
    private final int chunk;
    private Place place = Place.NONE;
    private long free;
    private long taken;

    Taker(int chunk) {
      this.chunk = chunk;
    }

    void step() {
      place = words.show(place, RATE, clock.getAsLong());
      flow.set(words, place, RATE);
      while (clock.getAsLong() >= free) {
        taken += chunk;
        free = clock.getAsLong() + Math.max(100_000, flow.take(chunk));
      }
    }
  }

  private long run(Duration time, List<Taker> children) {
    long before = children.stream().mapToLong(child -> child.taken).sum();
    long end = clock.getAsLong() + time.toNanos();
    while (clock.getAsLong() < end) {
      children.forEach(Taker::step);
      clock.advance(Duration.ofMillis(1));
    }
    return children.stream().mapToLong(child -> child.taken).sum() - before;
  }

  private List<Taker> children(int count, int chunk) {
    List<Taker> children = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      children.add(new Taker(chunk));
    }
    return children;
  }

  @Test
  void oneProcessGetsTheRate() {
    List<Taker> one = children(1, 64 << 10);
    assertThat(run(Duration.ofSeconds(10), one)).isCloseTo((long) RATE * 10, CLOSE);
  }

  @Test
  void fourProcessesTogetherGetTheRateInEqualShares() {
    for (int chunk : new int[] {16 << 10, 256 << 10}) {
      List<Taker> four = children(4, chunk);
      assertThat(run(Duration.ofSeconds(10), four)).isCloseTo((long) RATE * 10, CLOSE);
      for (Taker each : four) {
        assertThat(each.taken).isCloseTo((long) (RATE * 10 / 4), Percentage.withPercentage(15));
      }
    }
  }

  @Test
  void fiftyProcessesTogetherGetTheRate() {
    List<Taker> fifty = children(50, 16 << 10);
    run(Duration.ofSeconds(10), fifty); // each begins with what it owes
    assertThat(run(Duration.ofSeconds(10), fifty)).isCloseTo((long) RATE * 10, CLOSE);
  }

  @Test
  void whoIsKilledTakesNothingAlong() {
    List<Taker> four = children(4, 256 << 10);
    run(Duration.ofSeconds(3), four);
    List<Taker> left = four.subList(0, 1);
    assertThat(run(Duration.ofSeconds(10), left)).isCloseTo((long) RATE * 10, CLOSE);
  }

  @Test
  void aTimeThatLiesTooFarAheadIsForgotten() {
    long later = clock.getAsLong() + Duration.ofHours(5).toNanos();
    words.advance(Direction.DOWN, Place.NONE, later);
    assertThat(run(Duration.ofSeconds(10), children(1, 64 << 10)))
        .isCloseTo((long) RATE * 10, CLOSE);
  }

  @Test
  void theDirectionsHaveARateEach() {
    HostFlow down = new HostFlow(Direction.DOWN, words, clock);
    HostFlow up = new HostFlow(Direction.UP, words, clock);
    Place place = words.show(Place.NONE, RATE, clock.getAsLong());
    down.set(words, place, RATE);
    up.set(words, place, RATE);
    down.take(10 * MIB);
    assertThat(up.take(1)).isZero();
  }

  @Test
  void aBurstIsATenthOfASecond() {
    HostFlow flow = new HostFlow(Direction.DOWN, words, clock);
    flow.set(words, words.show(Place.NONE, RATE, clock.getAsLong()), RATE);
    long seconds = Duration.ofNanos(flow.take(10 * MIB)).toMillis();
    assertThat(seconds).isCloseTo(900, within(25L));
  }
}
