package io.dragonfly.internal.rate;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.RateLimiter;
import io.github.bucket4j.Bucket;
import io.github.bucket4j.TimeMeter;
import io.github.bucket4j.local.SynchronizationStrategy;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A token bucket that lets whoever takes run into debt, and tells how long to pay it off. What it
 * holds at most is what the rate gives in {@link #BURST}, but not less than {@link #LEAST_BURST}.
 *
 * <p>A token is 1 KiB: Bucket4j counts at most one token each nanosecond, which for bytes would be
 * a limit of 1 GB/s. What a take has beyond whole tokens is counted with the next.
 */
final class Bucket4jRateLimiter implements RateLimiter {
  /** Time that is not used is saved for so long. */
  static final Duration BURST = Duration.ofMillis(100);

  /** Bytes that are always let through at once after a pause. */
  static final long LEAST_BURST = 64 << 10;

  private static final int TOKEN = 1 << 10;

  /** In this time the rate gives as many tokens as it has bytes each second. */
  private static final Duration PERIOD = Duration.ofSeconds(TOKEN);

  /** One token each nanosecond: what Bucket4j counts at most. No network comes near it. */
  private static final long HIGHEST_RATE = PERIOD.toNanos();

  private final TimeMeter time;

  /** None without a limit. */
  @GuardedBy("this")
  private @Nullable Bucket bucket;

  /** Bytes taken that do not make a token yet. */
  @GuardedBy("this")
  private long fraction;

  Bucket4jRateLimiter(Optional<Rate> rate, LongSupplier nanoClock) {
    this.time = new Time(nanoClock);
    this.bucket = rate.map(r -> bucket(r, burstTokens(r))).orElse(null);
  }

  @Override
  public synchronized long take(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("cannot take %d bytes".formatted(bytes));
    }
    if (bucket == null) {
      return 0;
    }
    long tokens = bytes / TOKEN;
    fraction += bytes % TOKEN;
    if (fraction >= TOKEN) {
      fraction -= TOKEN;
      tokens++;
    }
    return tokens == 0 ? pauseNanos(bucket) : bucket.consumeIgnoringRateLimits(tokens);
  }

  private static long pauseNanos(Bucket bucket) {
    return bucket.getAvailableTokens() >= 0
        ? 0
        : bucket.estimateAbilityToConsume(1).getNanosToWaitForRefill();
  }

  @Override
  public synchronized void setRate(Optional<Rate> rate) {
    Bucket before = bucket;
    Bucket after = rate.map(r -> bucket(r, 0)).orElse(null);
    if (after != null) {
      long burst = burstTokens(rate.orElseThrow());
      // What is left stays, or who sets a rate often gives away a burst each time. Of a debt at
      // most a burst stays: many bytes at a high rate before are many seconds at a low one now.
      long left = before == null ? 0 : before.getAvailableTokens();
      if (left > 0) {
        after.addTokens(Math.min(left, burst));
      } else if (left < 0) {
        after.consumeIgnoringRateLimits(Math.min(-left, burst));
      }
    }
    bucket = after;
  }

  private Bucket bucket(Rate rate, long tokens) {
    long perPeriod = Math.min(rate.bytesPerSecond(), HIGHEST_RATE);
    return Bucket.builder()
        .addLimit(
            limit ->
                limit
                    .capacity(burstTokens(rate))
                    .refillGreedy(perPeriod, PERIOD)
                    .initialTokens(tokens))
        .withCustomTimePrecision(time)
        .withSynchronizationStrategy(SynchronizationStrategy.NONE) // this class's lock does
        .build();
  }

  private static long burstTokens(Rate rate) {
    long bytes = rate.bytesPerSecond() / (Duration.ofSeconds(1).toMillis() / BURST.toMillis());
    return Math.max(LEAST_BURST, bytes) / TOKEN;
  }

  private record Time(LongSupplier nanoClock) implements TimeMeter {
    @Override
    public long currentTimeNanos() {
      return nanoClock.getAsLong();
    }

    @Override
    public boolean isWallClockBased() {
      return false;
    }
  }
}
