package io.dragonfly.internal.cdn;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.internal.cdn.CdnSettings.ReadsPerHost;
import io.dragonfly.testkit.FakeTicker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;

/** How many reads of one host run at once. */
class HostSharesTest {
  private static final HostShares.Line LINE = new HostShares.Line("host", false);
  private static final int LEAST = 2;
  private static final int MOST = 8;

  private final FakeTicker ticker = new FakeTicker();
  private final List<Runnable> begun = new ArrayList<>();
  private boolean areAllBusy;
  private boolean takesMore = true;
  private final HostShares shares =
      new HostShares(this::begin, () -> areAllBusy, new ReadsPerHost(LEAST, MOST), ticker);

  @Test
  void moreRunWhereEachConnectionIsSlow() {
    read(2 * MOST);
    assertThat(begun).hasSize(LEAST);

    bring(Duration.ofSeconds(10), reads -> 100 * reads);
    assertThat(begun).hasSize(MOST);
  }

  @Test
  void oneMoreIsTriedWhereTheLinkIsFull() {
    read(2 * MOST);

    bring(Duration.ofSeconds(10), reads -> 1000);
    assertThat(begun).hasSize(LEAST + 1);
    begun.get(0).run();
    assertThat(begun).hasSize(LEAST + 1);
  }

  @Test
  void whatWasTriedInVainIsTriedAgain() {
    read(2 * MOST);
    bring(Duration.ofSeconds(5), reads -> 1000);
    begun.get(0).run();

    bring(Duration.ofSeconds(5), reads -> 100 * reads);
    assertThat(begun).hasSize(LEAST + 1);
    bring(Duration.ofSeconds(5), reads -> 100 * reads);
    assertThat(begun).hasSizeGreaterThan(LEAST + 1);
  }

  @Test
  void whatComesWhileNothingWaitsIsNoMeasure() {
    read(LEAST);
    bring(Duration.ofSeconds(5), reads -> 100 * reads);
    read(1);
    bring(Duration.ofMillis(900), reads -> 100 * reads);
    assertThat(begun).hasSize(LEAST);
    bring(Duration.ofMillis(200), reads -> 100 * reads);
    assertThat(begun).hasSize(LEAST + 1);
  }

  @Test
  void nobodyGetsMoreWhileOthersWaitForAThread() {
    read(2 * MOST);
    areAllBusy = true;
    bring(Duration.ofSeconds(10), reads -> 100 * reads);
    assertThat(begun).hasSize(LEAST);
  }

  @Test
  void aThreadThatIsFreeGoesToWhoHasWaitedLongest() {
    HostShares.Line other = new HostShares.Line("other", false);
    List<String> read = new ArrayList<>();
    for (int i = 0; i < LEAST + 1; i++) {
      shares.execute(LINE, () -> read.add("first"));
    }
    shares.execute(other, () -> read.add("other"));
    areAllBusy = true;

    begun.remove(0).run();
    while (!begun.isEmpty()) {
      begun.remove(0).run();
    }
    assertThat(read).containsExactly("first", "first", "other", "first");
  }

  @Test
  void whatThereIsNoThreadForWaitsAndGoesOnInOneThatThereIs() {
    List<String> read = new ArrayList<>();
    for (int i = 0; i < 2 * MOST; i++) {
      int number = i;
      shares.execute(LINE, () -> read.add("read " + number));
    }
    takesMore = false;
    bring(Duration.ofSeconds(10), reads -> 100 * reads);
    assertThat(begun).hasSize(LEAST);
    assertThat(shares.waiting()).isEqualTo(2 * MOST - LEAST);

    areAllBusy = true;
    begun.get(0).run();
    assertThat(read).hasSize(2 * MOST - 1).startsWith("read 0", "read 2", "read 3");
  }

  private void begin(Runnable read) {
    if (!takesMore) {
      throw new RejectedExecutionException("stopping");
    }
    begun.add(read);
  }

  private void read(int reads) {
    for (int i = 0; i < reads; i++) {
      shares.execute(LINE, () -> {});
    }
  }

  /** What runs brings so many bytes in each tenth of a second. */
  private void bring(Duration time, IntUnaryOperator bytes) {
    for (long tenths = time.toMillis() / 100; tenths > 0; tenths--) {
      ticker.advance(Duration.ofMillis(100));
      shares.came(LINE, bytes.applyAsInt(begun.size()));
    }
  }
}
