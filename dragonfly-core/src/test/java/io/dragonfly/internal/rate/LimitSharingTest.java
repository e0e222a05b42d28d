package io.dragonfly.internal.rate;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.rate.Rate;
import io.dragonfly.spi.AdaptiveQuantum;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.testkit.FakeTicker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * How source downloads share one limit: each reads a portion, which is the same for all, and then
 * pauses as it is told. With a portion of its own, a late download got 0.4 of its share.
 */
class LimitSharingTest {
  private static final int MIB = 1 << 20;
  private static final int RATE = 2 * MIB;
  private static final int MOST_AT_ONCE = 256 << 10;

  private final FakeTicker ticker = new FakeTicker();
  private final RateLimiter limiter =
      new Bucket4jRateLimiter(Optional.of(Rate.ofBytes(RATE)), ticker);
  private final List<Download> downloads = new ArrayList<>();
  private final AdaptiveQuantum portion = new AdaptiveQuantum(MOST_AT_ONCE);

  private static final class Download {
    private long next;
    private long bytes;

    Download(long next) {
      this.next = next;
    }
  }

  private void start(int count) {
    for (int i = 0; i < count; i++) {
      downloads.add(new Download(ticker.getAsLong()));
    }
  }

  private void run(Duration time) {
    long end = ticker.getAsLong() + time.toNanos();
    while (true) {
      Download first = downloads.stream().min(Comparator.comparingLong(d -> d.next)).orElseThrow();
      if (first.next > end) {
        ticker.advance(Duration.ofNanos(end - ticker.getAsLong()));
        return;
      }
      ticker.advance(Duration.ofNanos(Math.max(0, first.next - ticker.getAsLong())));
      long pause = limiter.take(portion.bytes());
      first.bytes += portion.bytes();
      portion.paused(pause);
      first.next = ticker.getAsLong() + Math.max(1000, pause);
    }
  }

  @Test
  void downloadsShareALimitAlsoThoseThatComeLate() {
    start(3);
    run(Duration.ofSeconds(5));
    start(3);
    run(Duration.ofSeconds(1));
    downloads.forEach(download -> download.bytes = 0);

    run(Duration.ofSeconds(10));

    long fair = 10L * RATE / downloads.size();
    assertThat(downloads)
        .extracting(download -> download.bytes)
        .allSatisfy(bytes -> assertThat(bytes).isBetween(7 * fair / 10, 13 * fair / 10));
  }
}
