package io.dragonfly.contract;

import io.dragonfly.rate.Rate;
import io.dragonfly.spi.RateLimiter;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/** The simplest right limiter, which can be made wrong in one respect at a time. */
final class SimpleLimiter implements RateLimiter {
  private static final double BURST_SECONDS = 0.1;

  private final LongSupplier clock;
  private Optional<Rate> rate;
  private double available;
  private long last;

  private double counted = 1;
  private long longestPause = Long.MAX_VALUE;
  private double burstSeconds = BURST_SECONDS;
  private boolean wholeKibibytes;
  private boolean timeStands;
  private boolean threadsApart;
  private boolean atLeastAByte;
  private boolean ignoresNewRates;
  private boolean burstWithEachRate;
  private boolean ints;
  private boolean nothingForNothing;
  private Optional<Rate> insteadOfNone = Optional.empty();
  private final Map<Thread, SimpleLimiter> ofThreads = new ConcurrentHashMap<>();

  SimpleLimiter(Optional<Rate> rate, LongSupplier clock) {
    this.clock = clock;
    this.rate = rate;
    this.last = clock.getAsLong();
    this.available = rate.map(this::burst).orElse(0.0);
  }

  private double burst(Rate of) {
    return Math.max(64 << 10, of.bytesPerSecond() * burstSeconds);
  }

  @Override
  public synchronized long take(long bytes) {
    if (threadsApart) {
      SimpleLimiter own =
          ofThreads.computeIfAbsent(Thread.currentThread(), t -> new SimpleLimiter(rate, clock));
      return own.take(bytes);
    }
    if (bytes == 0 && nothingForNothing) {
      return 0;
    }
    Optional<Rate> now = rate.or(() -> insteadOfNone);
    if (now.isEmpty()) {
      return 0;
    }
    refill(now.get());
    long count = wholeKibibytes ? bytes / 1024 * 1024 : bytes;
    available -= counted * Math.max(atLeastAByte ? 1024 : 0, count);
    double seconds = Math.max(0, -available / now.get().bytesPerSecond());
    return Math.min(longestPause, (long) (seconds * 1e9));
  }

  private void refill(Rate now) {
    long time = clock.getAsLong();
    double perSecond = ints ? (int) now.bytesPerSecond() : now.bytesPerSecond();
    double fresh = timeStands ? 0 : (time - last) / 1e9 * perSecond;
    available = Math.min(burst(now), available + fresh);
    last = time;
  }

  @Override
  public synchronized void setRate(Optional<Rate> newRate) {
    if (ignoresNewRates) {
      return;
    }
    rate.ifPresent(this::refill);
    last = clock.getAsLong();
    available =
        newRate
            .map(
                r ->
                    Math.max(
                        -burst(r), burstWithEachRate ? burst(r) : Math.min(burst(r), available)))
            .orElse(0.0);
    rate = newRate;
  }

  SimpleLimiter countingOnly(double part) {
    counted = part;
    return this;
  }

  SimpleLimiter pausingAtMost(long nanos) {
    longestPause = nanos;
    return this;
  }

  SimpleLimiter countingWholeKibibytes() {
    wholeKibibytes = true;
    return this;
  }

  SimpleLimiter forgettingTheTime() {
    timeStands = true;
    return this;
  }

  SimpleLimiter savingAllTime() {
    burstSeconds = 1e9;
    return this;
  }

  SimpleLimiter keepingThreadsApart() {
    threadsApart = true;
    return this;
  }

  SimpleLimiter takingNoRateFor(Rate instead) {
    insteadOfNone = Optional.of(instead);
    return this;
  }

  SimpleLimiter countingAtLeastAByte() {
    atLeastAByte = true;
    return this;
  }

  SimpleLimiter ignoringNewRates() {
    ignoresNewRates = true;
    return this;
  }

  SimpleLimiter givingABurstWithEachRate() {
    burstWithEachRate = true;
    return this;
  }

  SimpleLimiter sayingNothingForNothing() {
    nothingForNothing = true;
    return this;
  }

  SimpleLimiter countingInInts() {
    ints = true;
    return this;
  }
}
