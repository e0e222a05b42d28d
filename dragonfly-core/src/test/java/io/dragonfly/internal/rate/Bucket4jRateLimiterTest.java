package io.dragonfly.internal.rate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.rate.Rate;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.RateLimiterProvider;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.RateLimiterContract;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

class Bucket4jRateLimiterTest extends RateLimiterContract {
  @Override
  protected RateLimiter create(Optional<Rate> rate, LongSupplier nanoClock) {
    return new Bucket4jRateLimiter(rate, nanoClock);
  }

  @Test
  void aBurstIsSmall() {
    RateLimiter limiter = create(Optional.of(Rate.ofBytes(1 << 20)), new FakeTicker());

    assertThat(limiter.take(1 << 20)).isBetween(890_000_000L, 910_000_000L);
  }

  @Test
  void theLeastBurstIsGivenAtAnyRate() {
    RateLimiter limiter = create(Optional.of(Rate.ofBytes(1)), new FakeTicker());

    assertThat(limiter.take(Bucket4jRateLimiter.LEAST_BURST)).isZero();
    assertThat(limiter.take(1024)).isPositive();
  }

  @Test
  void refusesToGiveBytesBack() {
    RateLimiter limiter = create(Optional.empty(), new FakeTicker());

    assertThatThrownBy(() -> limiter.take(-1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void isFoundByItsName() {
    RateLimiterProvider found =
        ServiceLoader.load(RateLimiterProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(provider -> provider.name().equals("bucket4j"))
            .findFirst()
            .orElseThrow();

    assertThat(found.create(Optional.of(Rate.ofBytes(1024))).take(1 << 20)).isPositive();
  }
}
