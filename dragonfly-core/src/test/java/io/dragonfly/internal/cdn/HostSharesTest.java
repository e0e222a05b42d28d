package io.dragonfly.internal.cdn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.control.Queued;
import io.dragonfly.internal.cdn.CdnSettings.ReadsPerHost;
import io.dragonfly.internal.queue.Job;
import io.dragonfly.testkit.FakeTicker;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;

/** How many reads of one host run at once. */
class HostSharesTest {
  private static final HostShares.Line LINE = new HostShares.Line("host", HostShares.Size.LARGE);
  private static final int LEAST = 2;
  private static final int MOST = 8;

  private final FakeTicker ticker = new FakeTicker();
  private final List<Runnable> begun = new ArrayList<>();
  private boolean takesMore = true;
  private HostShares shares = shares(2 * MOST);

  private HostShares shares(int threads) {
    return new HostShares(this::begin, threads, new ReadsPerHost(LEAST, MOST), ticker);
  }

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
  void nobodyGetsMoreWhileAllThreadsAreTaken() {
    shares = shares(LEAST + 1);
    read(2 * MOST);
    execute(new HostShares.Line("other", HostShares.Size.LARGE), () -> {});
    bring(Duration.ofSeconds(10), reads -> 100 * reads);
    begun.get(LEAST).run();
    bring(Duration.ofMillis(900), reads -> 100 * reads);
    assertThat(begun).hasSize(LEAST + 1);
  }

  @Test
  void aThreadThatIsFreeGoesToWhoHasWaitedLongest() {
    shares = shares(LEAST);
    List<String> read = new ArrayList<>();
    for (int i = 0; i < LEAST + 1; i++) {
      execute(LINE, () -> read.add("first"));
    }
    execute(new HostShares.Line("other", HostShares.Size.LARGE), () -> read.add("other"));

    begun.remove(0).run();
    begun.remove(0).run();

    assertThat(begun).isEmpty();
    assertThat(read).containsExactly("first", "other", "first", "first");
  }

  @Test
  void hostsTakeTurnsAndALateHostIsNext() {
    shares = shares(1);
    List<String> read = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      String host = "host" + i % 2;
      execute(new HostShares.Line(host, HostShares.Size.LARGE), () -> read.add(host));
    }
    execute(new HostShares.Line("late", HostShares.Size.LARGE), () -> read.add("late"));

    begun.remove(0).run();

    assertThat(read).hasSize(41).startsWith("host0", "host1", "host0", "late", "host1", "host0");
  }

  @Test
  void whatHasRunBeforeKeepsItsPlace() {
    read(LEAST + 5);
    Job<HostShares.Line> again = new Job<>(LINE, () -> {});
    Job<HostShares.Line> another = new Job<>(LINE, () -> {});
    Job<HostShares.Line> added = new Job<>(LINE, () -> {});
    assertThat(shares.execute(again, true)).isFalse();
    assertThat(shares.execute(another, true)).isFalse();
    assertThat(shares.execute(added, false)).isFalse();

    assertThat(shares.place(again)).hasToString(waits(1, 8));
    assertThat(shares.place(another)).hasToString(waits(2, 8));
    assertThat(shares.place(added)).hasToString(waits(8, 8));
  }

  @Test
  void whatThereIsNoThreadForWaitsAndGoesOnInOneThatThereIs() {
    List<String> read = new ArrayList<>();
    for (int i = 0; i < 2 * MOST; i++) {
      int number = i;
      execute(LINE, () -> read.add("read " + number));
    }
    takesMore = false;
    bring(Duration.ofSeconds(10), reads -> 100 * reads);
    assertThat(begun).hasSize(LEAST);
    assertThat(shares.waiting()).isEqualTo(2 * MOST - LEAST);

    begun.get(0).run();
    assertThat(read).hasSize(2 * MOST - 1).startsWith("read 0", "read 2", "read 3");
  }

  @Test
  void aReadThatNoThreadCanBeStartedForDoesNotWait() {
    Error noThread = new OutOfMemoryError("unable to create native thread");
    shares =
        new HostShares(
            read -> {
              throw noThread;
            },
            MOST,
            new ReadsPerHost(LEAST, MOST),
            ticker);

    assertThatThrownBy(() -> read(1)).isSameAs(noThread);
    assertThat(shares.waiting()).isZero();
  }

  @Test
  void aReadThatWaitsKnowsItsPlace() {
    List<Job<HostShares.Line>> reads = new ArrayList<>();
    for (int i = 0; i < LEAST + 3; i++) {
      int number = i;
      reads.add(new Job<>(LINE, () -> assertThat(number).isNotNegative()));
    }
    reads.forEach(read -> shares.execute(read, false));

    assertThat(shares.place(reads.get(0))).isEmpty();
    assertThat(shares.place(reads.get(LEAST))).hasToString(waits(1, 3));
    assertThat(shares.place(reads.get(LEAST + 2))).hasToString(waits(3, 3));

    begun.get(0).run();
    assertThat(shares.place(reads.get(LEAST + 2))).isEmpty();
  }

  private static String waits(int place, int length) {
    return Optional.of(new Queued(Queued.Reason.SOURCE, place, length)).toString();
  }

  private void execute(HostShares.Line line, Runnable work) {
    shares.execute(new Job<>(line, work), false);
  }

  private void begin(Runnable read) {
    if (!takesMore) {
      throw new RejectedExecutionException("stopping");
    }
    begun.add(read);
  }

  private void read(int reads) {
    for (int i = 0; i < reads; i++) {
      execute(LINE, () -> {});
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
