package io.dragonfly.spi;

import io.dragonfly.rate.Rate;
import java.util.Optional;

/** Makes {@link RateLimiter}s. Found by ServiceLoader; an instance given to a builder wins. */
public interface RateLimiterProvider {
  /** Returns the name that settings choose it by, such as {@code bucket4j}. */
  String name();

  /** Makes a limiter; an empty rate is without limit. */
  RateLimiter create(Optional<Rate> rate);
}
