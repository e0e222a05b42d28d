package io.dragonfly.internal.cdn;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.internal.cdn.CdnSettings.ReadsPerHost;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What a trial of more reads at once is judged by, window by window. */
class AdaptiveConcurrencyTest {
  private static final int LEAST = 2;
  private static final long WINDOW = Duration.ofMillis(500).toNanos();

  private final AdaptiveConcurrency share = new AdaptiveConcurrency(new ReadsPerHost(LEAST, 8), 0);
  private long now;

  /** As when a segment was lost just then. */
  @Test
  void aBadWindowBeforeATrialMakesItNoSuccess() {
    windows(2, 1000); // in the first one the connections come up to their rate
    assertThat(share.atOnce()).isEqualTo(LEAST + 1);
    windows(2, 1000);
    assertThat(share.atOnce()).as("in vain").isEqualTo(LEAST);

    windows(19, 1000);
    assertThat(share.atOnce()).isEqualTo(LEAST);
    windows(1, 400);
    assertThat(share.atOnce()).as("tried again after 10 s").isEqualTo(LEAST + 1);
    windows(2, 800);
    assertThat(share.atOnce()).isEqualTo(LEAST);
  }

  @Test
  void aTrialEndsWithWhatWaits() {
    windows(2, 1000);
    assertThat(share.atOnce()).isEqualTo(LEAST + 1);

    share.idle(now);

    assertThat(share.atOnce()).isEqualTo(LEAST);
  }

  private void windows(int count, int bytes) {
    for (int i = 0; i < count; i++) {
      now += WINDOW;
      share.came(bytes, now);
    }
  }
}
