package io.dragonfly.testkit;

import io.dragonfly.rate.Rate;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.RateLimiterProvider;
import java.util.Optional;

/** Makes limiters that limit nothing, whatever rate they are given. */
public final class UnlimitedRates implements RateLimiterProvider {
  @Override
  public String name() {
    return "unlimited";
  }

  @Override
  public RateLimiter create(Optional<Rate> rate) {
    return new RateLimiter() {
      @Override
      public long take(long bytes) {
        return 0;
      }

      @Override
      public void setRate(Optional<Rate> other) {}
    };
  }
}
