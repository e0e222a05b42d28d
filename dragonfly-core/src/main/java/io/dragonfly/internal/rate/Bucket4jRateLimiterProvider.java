package io.dragonfly.internal.rate;

import io.dragonfly.rate.Rate;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.RateLimiterProvider;
import java.util.Optional;

/** Makes limiters that count with Bucket4j, inside this process: those called {@code bucket4j}. */
public final class Bucket4jRateLimiterProvider implements RateLimiterProvider {
  @Override
  public String name() {
    return "bucket4j";
  }

  @Override
  public RateLimiter create(Optional<Rate> rate) {
    return new Bucket4jRateLimiter(rate, System::nanoTime);
  }
}
