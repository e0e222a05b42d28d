package io.dragonfly.internal.rate;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.rate.Rate;
import io.dragonfly.spi.AdaptiveQuantum;
import io.dragonfly.testkit.FakeTicker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Random;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Simulates 32 processes of one host in virtual time. They differ in the number of their
 * connections, and wake up late by random times. Each test names the seed of its random numbers.
 */
class HostFairnessTest {
  private static final int PROCESSES = 32;
  private static final long RATE = 6 << 20;
  private static final long SHARE = RATE / PROCESSES;
  private static final Duration WINDOW = Duration.ofSeconds(10);
  private static final Percentage FAIR = Percentage.withPercentage(30);
  private static final Percentage EXACT = Percentage.withPercentage(3);
  private static final long LOOK_NANOS = Duration.ofMillis(100).toNanos();
  private static final long MILLI = Duration.ofMillis(1).toNanos();

  private final FakeTicker clock = new FakeTicker();
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingLong(Event::at).thenComparingLong(Event::number));
  private final List<Process> processes = new ArrayList<>();
  private long scheduled;

  @TempDir Path directory;

  private record Event(long at, long number, Runnable action) {}

  @AfterEach
  void close() {
    processes.forEach(process -> process.limit.close());
  }

  /** A process with several connections. They all take as much as they can while it wants more. */
  private final class Process {
    private final HostLimit limit =
        new HostLimit(
            true,
            Optional.of(Rate.ofBytes(RATE)),
            new LimitFile(LimitPlace.of(Optional.of(directory)), "boot"),
            clock.timer(),
            clock);
    private final AdaptiveQuantum portion = new AdaptiveQuantum(256 << 10);
    private final Random random;
    private final long mostLateNanos;
    private final int connections;
    private boolean wantsMore = true;
    private long taken;
    private long largestTake;

    Process(int connections, Duration mostLate, Random random) {
      this.connections = connections;
      this.random = random;
      this.mostLateNanos = mostLate.toNanos();
      processes.add(this);
      for (int i = 0; i < connections; i++) {
        after(random.nextLong(MILLI), this::take);
      }
    }

    private void take() {
      if (wantsMore) {
        int bytes = portion.bytes();
        taken += bytes;
        largestTake = Math.max(largestTake, bytes);
        long pause = limit.down().take(bytes);
        portion.paused(pause);
        pause(pause, clock.getAsLong() + pause);
      }
    }

    private void pause(long nanos, long end) {
      if (nanos <= 0) {
        after(MILLI, this::take);
      } else {
        after(
            Math.min(nanos, LOOK_NANOS) + late(),
            () -> pause(Math.min(end - clock.getAsLong(), limit.down().take(0)), end));
      }
    }

    /** Takes few bytes at random times. */
    private void takeNowAndThen(long bytesPerSecond) {
      wantsMore = false;
      int bytes = 16 << 10;
      limit.down().take(bytes);
      taken += bytes;
      long mean = Duration.ofSeconds(bytes).toNanos() / bytesPerSecond;
      after(mean / 2 + random.nextLong(mean), () -> takeNowAndThen(bytesPerSecond));
    }

    private long late() {
      return random.nextLong(mostLateNanos + 1);
    }

    @Override
    public String toString() {
      return "%d connections, up to %d ms late, %d%% of a share"
          .formatted(connections, mostLateNanos / MILLI, 100 * taken / bytes(SHARE, WINDOW));
    }
  }

  private void after(long nanos, Runnable action) {
    events.add(new Event(clock.getAsLong() + nanos, scheduled++, action));
  }

  private long run(Duration time) {
    long before = takenByAll();
    long end = clock.getAsLong() + time.toNanos();
    while (events.element().at <= end) {
      Event next = events.remove();
      clock.advance(Duration.ofNanos(Math.max(0, next.at - clock.getAsLong())));
      next.action.run();
    }
    clock.advance(Duration.ofNanos(end - clock.getAsLong()));
    return takenByAll() - before;
  }

  private long takenByAll() {
    return processes.stream().mapToLong(process -> process.taken).sum();
  }

  private void start(int count, Random random) {
    for (int i = 0; i < count; i++) {
      boolean isBusy = random.nextInt(4) == 0;
      new Process(1 + random.nextInt(8), Duration.ofMillis(isBusy ? 400 : 5), random);
    }
  }

  private void forgetWhatWasTaken() {
    processes.forEach(process -> process.taken = 0);
  }

  private static long bytes(long bytesPerSecond, Duration time) {
    return bytesPerSecond * time.toMillis() / 1000;
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void eachOf32ProcessesGetsItsShare(long seed) {
    start(PROCESSES, new Random(seed));
    run(Duration.ofSeconds(2));
    forgetWhatWasTaken();

    assertThat(run(WINDOW)).isCloseTo(bytes(RATE, WINDOW), EXACT);
    assertThat(processes)
        .allSatisfy(each -> assertThat(each.taken).isCloseTo(bytes(SHARE, WINDOW), FAIR));
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3})
  void theFirstTenSecondsAreFairToo(long seed) {
    start(PROCESSES, new Random(seed));

    assertThat(run(WINDOW)).isCloseTo(bytes(RATE, WINDOW), EXACT);
    assertThat(processes)
        .allSatisfy(each -> assertThat(each.taken).isCloseTo(bytes(SHARE, WINDOW), FAIR));
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3})
  void togetherTheyNeverGetMuchMoreThanTheRate(long seed) {
    start(PROCESSES, new Random(seed));
    Duration step = Duration.ofMillis(50);
    for (Duration time = step; time.compareTo(WINDOW) <= 0; time = time.plus(step)) {
      run(step);
      long debts = processes.stream().mapToLong(each -> each.connections * each.largestTake).sum();
      // A burst that was kept, and a burst in advance for those that are late.
      Duration granted = time.plus(LimitWords.BURST.multipliedBy(2));
      assertThat(takenByAll()).isLessThanOrEqualTo(bytes(RATE, granted) + debts);
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3})
  void whatProcessesThatWantLittleLeaveIsSharedByTheOthers(long seed) {
    Random random = new Random(seed);
    start(PROCESSES, random);
    List<Process> modest = processes.subList(0, PROCESSES / 2);
    List<Process> others = processes.subList(PROCESSES / 2, PROCESSES);
    modest.forEach(each -> each.takeNowAndThen(SHARE / 4));
    run(Duration.ofSeconds(2));
    forgetWhatWasTaken();

    assertThat(run(WINDOW)).isCloseTo(bytes(RATE, WINDOW), EXACT);
    long rest = RATE - modest.size() * SHARE / 4;
    assertThat(modest)
        .allSatisfy(each -> assertThat(each.taken).isCloseTo(bytes(SHARE / 4, WINDOW), FAIR));
    assertThat(others)
        .allSatisfy(
            each -> assertThat(each.taken).isCloseTo(bytes(rest / others.size(), WINDOW), FAIR));
  }

  @Test
  void theLastProcessThatWantsMoreGetsTheWholeRateAtOnce() {
    start(PROCESSES, new Random(1));
    run(Duration.ofSeconds(5));
    processes.subList(1, PROCESSES).forEach(each -> each.wantsMore = false);
    run(Duration.ofMillis(200));

    assertThat(run(Duration.ofSeconds(1))).isCloseTo(RATE, Percentage.withPercentage(10));
  }

  @Test
  void theOnlyProcessThatWantsMuchGetsTheRest() {
    start(PROCESSES, new Random(1));
    processes.subList(1, PROCESSES).forEach(each -> each.takeNowAndThen(SHARE / 10));
    run(Duration.ofSeconds(1));
    forgetWhatWasTaken();
    run(WINDOW);

    long rest = RATE - (PROCESSES - 1) * SHARE / 10;
    assertThat(processes.get(0).taken).isCloseTo(bytes(rest, WINDOW), Percentage.withPercentage(5));
  }

  @Test
  void aProcessThatStartsLateGetsItsShareAtOnce() {
    Random random = new Random(1);
    start(PROCESSES - 1, random);
    run(Duration.ofSeconds(5));
    Process late = new Process(1, Duration.ofMillis(5), random);
    run(Duration.ofSeconds(1));

    assertThat(late.taken).isCloseTo(SHARE, FAIR);
  }
}
