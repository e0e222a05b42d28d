package io.dragonfly.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.dragonfly.rate.Rate;
import io.dragonfly.spi.RateLimiter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;

/**
 * What every {@link RateLimiter} promises. Extend it, return yours from {@link #create}, run it.
 */
public abstract class RateLimiterContract {
  private static final long MIB = 1 << 20;
  private static final Rate RATE = Rate.ofBytes(10 * MIB);
  private static final int CHUNK = 256 << 10;
  private static final Percentage CLOSE = Percentage.withPercentage(10);

  private final FakeTicker ticker = new FakeTicker();

  /** Makes the limiter under test, whose time is this clock's. */
  protected abstract RateLimiter create(Optional<Rate> rate, LongSupplier nanoClock);

  @Test
  void aFlowIsHeldToItsRate() {
    RateLimiter limiter = limiter(RATE);
    assertThat(bytesIn(Duration.ofSeconds(10), limiter, CHUNK)).isCloseTo(100 * MIB, CLOSE);
  }

  @Test
  void whoTakesMuchPausesLong() {
    RateLimiter limiter = limiter(RATE);
    assertThat(limiter.take(100 * MIB)).isCloseTo(seconds(10), CLOSE);
    assertThat(limiter.take(100 * MIB)).isCloseTo(seconds(20), CLOSE);
  }

  @Test
  void takesOfAFewBytesCountInFull() {
    RateLimiter limiter = limiter(Rate.ofBytes(MIB));
    assertThat(bytesIn(Duration.ofSeconds(5), limiter, 100)).isCloseTo(5 * MIB, CLOSE);
  }

  @Test
  void aPauseEndsTheDebt() {
    RateLimiter limiter = limiter(RATE);
    ticker.advance(Duration.ofNanos(limiter.take(5 * MIB)));
    assertThat(limiter.take(CHUNK)).isLessThanOrEqualTo(seconds(1) / 20);
  }

  @Test
  void timeThatIsNotUsedIsNotSaved() {
    RateLimiter limiter = limiter(RATE);
    limiter.take(MIB);
    ticker.advance(Duration.ofHours(10));

    assertThat(limiter.take(100 * MIB)).isGreaterThan(seconds(9));
  }

  @Test
  void manyShareTheRate() throws Exception {
    RateLimiter limiter = limiter(RATE);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        running.add(threads.submit(() -> takeMany(limiter, 1000)));
      }
      for (Future<?> one : running) {
        one.get(30, TimeUnit.SECONDS);
      }
    } finally {
      threads.shutdownNow();
    }
    // 4000 takes of 25 KiB and a bit are 10 seconds' bytes.
    assertThat(limiter.take(1024)).isCloseTo(seconds(10), CLOSE);
  }

  private static void takeMany(RateLimiter limiter, int times) {
    for (int i = 0; i < times; i++) {
      limiter.take(10 * 10 * MIB / 4000);
    }
  }

  @Test
  void withoutARateThereIsNoLimit() {
    RateLimiter limiter = create(Optional.empty(), ticker);
    assertThat(limiter.take(Long.MAX_VALUE / 4)).isZero();
    assertThat(limiter.take(CHUNK)).isZero();
  }

  @Test
  void takingNothingIsHarmless() {
    RateLimiter limiter = limiter(RATE);
    for (int i = 0; i < 100_000; i++) {
      assertThat(limiter.take(0)).isZero();
    }
    assertThat(limiter.take(10 * MIB)).isLessThanOrEqualTo(seconds(1));
  }

  @Test
  void whoTakesNothingLearnsHowLongThePauseIsNow() {
    RateLimiter limiter = limiter(RATE);
    limiter.take(100 * MIB);
    assertThat(limiter.take(0)).isCloseTo(seconds(10), CLOSE);
    ticker.advance(Duration.ofSeconds(4));
    assertThat(limiter.take(0)).isCloseTo(seconds(6), CLOSE);
    limiter.setRate(Optional.empty());
    assertThat(limiter.take(0)).isZero();
  }

  @Test
  void aHigherRateHoldsAtOnce() {
    RateLimiter limiter = limiter(Rate.ofBytes(MIB));
    limiter.take(100 * MIB);
    limiter.setRate(Optional.of(RATE));
    assertThat(bytesIn(Duration.ofSeconds(20), limiter, CHUNK)).isBetween(95 * MIB, 220 * MIB);
  }

  @Test
  void aLowerRateHoldsAtOnce() {
    RateLimiter limiter = limiter(RATE);
    limiter.take(MIB);
    limiter.setRate(Optional.of(Rate.ofBytes(MIB)));
    assertThat(bytesIn(Duration.ofSeconds(20), limiter, CHUNK))
        .isCloseTo(20 * MIB, Percentage.withPercentage(15));
  }

  @Test
  void settingARateOftenGivesNothingAway() {
    RateLimiter limiter = limiter(RATE);
    long start = ticker.getAsLong();
    long taken = 0;
    for (int i = 0; i < 1000; i++) {
      limiter.setRate(Optional.of(i % 2 == 0 ? RATE : Rate.ofBytes(RATE.bytesPerSecond() + 1)));
      taken += bytesIn(Duration.ofMillis(10), limiter, 16 << 10);
    }
    long millis = Duration.ofNanos(ticker.getAsLong() - start).toMillis();
    assertThat(taken).isCloseTo(RATE.bytesPerSecond() * millis / 1000, CLOSE);
  }

  @Test
  void aLimitCanBeLiftedAndSetAgain() {
    RateLimiter limiter = limiter(RATE);
    limiter.take(100 * MIB);
    limiter.setRate(Optional.empty());
    assertThat(limiter.take(100 * MIB)).isZero();

    limiter.setRate(Optional.of(RATE));
    assertThat(limiter.take(100 * MIB)).isCloseTo(seconds(10), within(seconds(1)));
  }

  @Test
  void veryHighAndVeryLowRatesHoldToo() {
    Rate high = Rate.ofBytes(40L << 30);
    assertThat(bytesIn(Duration.ofSeconds(1), limiter(high), (int) (16 * MIB)))
        .isCloseTo(high.bytesPerSecond(), CLOSE);

    RateLimiter low = limiter(Rate.ofBytes(1000));
    assertThat(low.take(1_000_000)).isCloseTo(seconds(1000), CLOSE);

    RateLimiter highest = limiter(Rate.ofBytes(Long.MAX_VALUE));
    assertThat(highest.take(MIB)).isBetween(0L, seconds(1));
    assertThat(highest.take(MIB)).isBetween(0L, seconds(1));
  }

  private RateLimiter limiter(Rate rate) {
    return create(Optional.of(rate), ticker);
  }

  /** Takes and pauses for so long, and returns what was taken. */
  private long bytesIn(Duration duration, RateLimiter limiter, int chunk) {
    long end = ticker.getAsLong() + duration.toNanos();
    long taken = 0;
    while (ticker.getAsLong() < end) {
      long pause = limiter.take(chunk);
      assertThat(pause).isNotNegative();
      taken += chunk;
      long sending = Math.max(1000, chunk / 100); // takes time too
      ticker.advance(Duration.ofNanos(Math.max(pause, sending)));
    }
    return taken;
  }

  private static long seconds(long seconds) {
    return Duration.ofSeconds(seconds).toNanos();
  }
}
