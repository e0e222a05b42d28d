package io.dragonfly.internal.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.dragonfly.testkit.FakeTicker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ActiveClockTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final FakeTicker ticker = new FakeTicker();
  private ProcessorTime time = new ProcessorTime(0, 0);
  private final ActiveClock clock = new ActiveClock(ticker, () -> time);
  private final long start = clock.getAsLong();

  private Duration counted() {
    return Duration.ofNanos(clock.getAsLong() - start);
  }

  /**
   * Lets a minute pass.
   *
   * @param late how late each beat is
   * @param ran how long the threads of the process run between two beats
   * @param waited how long they wait for a processor
   */
  private void passMinute(Duration late, Duration ran, Duration waited) {
    Duration step = ActiveClock.BEAT.plus(late);
    for (long i = MINUTE.dividedBy(step); i > 0; i--) {
      time =
          new ProcessorTime(time.ranNanos() + ran.toNanos(), time.waitedNanos() + waited.toNanos());
      ticker.pass(step);
      clock.beat();
    }
  }

  @Test
  void countsAllTimeOfAProcessThatRuns() {
    ActiveClock beating = ActiveClock.of(ticker, ticker.timer());
    ticker.advance(MINUTE);
    assertThat(beating.getAsLong()).isEqualTo(ticker.getAsLong());
  }

  @Test
  void countsAllTimeWhereThreadsHaveHalfOfWhatTheyNeed() {
    passMinute(Duration.ofMillis(2), Duration.ofMillis(100), Duration.ofMillis(100));
    assertThat(counted()).isGreaterThan(MINUTE.minusSeconds(1));
  }

  @Test
  void countsAllTimeOfAProcessThatHasNextToNothingToDo() {
    passMinute(Duration.ofMillis(2), Duration.ofMillis(1), Duration.ofMillis(10));
    assertThat(counted()).isGreaterThan(MINUTE.minusSeconds(1));
  }

  @Test
  void standsStillWhileTheProcessIsStoppedAlsoBeforeTheNextBeat() {
    ticker.pass(MINUTE);
    assertThat(counted()).isLessThan(Duration.ofSeconds(1));
    clock.beat();
    assertThat(counted()).isLessThan(Duration.ofSeconds(1));
  }

  @Test
  void slowsDownAsMuchAsThreadsWaitForAProcessor() {
    passMinute(Duration.ofMillis(2), Duration.ofMillis(30), Duration.ofMillis(360));
    assertThat(counted()).isBetween(MINUTE.dividedBy(6), MINUTE.dividedBy(4));
  }

  @Test
  void readsProcessorTimesOnlyOnceForSeveralUsersThatBeat() {
    AtomicInteger readings = new AtomicInteger();
    ActiveClock shared =
        new ActiveClock(
            ticker,
            () -> {
              readings.incrementAndGet();
              return time;
            });
    shared.beatNext(ticker.timer());
    ticker.advance(ActiveClock.BEAT.dividedBy(2));
    shared.beatNext(ticker.timer());
    ticker.advance(MINUTE);
    assertThat(readings.get()).isBetween(100, 125);
  }

  @Test
  void knowsTheProcessorTimeOfItsOwnThreads() {
    assumeThat(Path.of("/proc/self/task")).exists();
    ProcessorTime before = ProcessorTime.now();
    long end = System.nanoTime() + Duration.ofMillis(50).toNanos();
    while (System.nanoTime() < end) {
      Thread.onSpinWait();
    }
    assertThat(ProcessorTime.now().since(before).ranNanos()).isPositive();
  }

  @Test
  void neverGoesBack() {
    Random random = new Random(1);
    long last = clock.getAsLong();
    for (int i = 0; i < 10_000; i++) {
      ticker.pass(Duration.ofMillis(random.nextInt(random.nextBoolean() ? 300 : 20)));
      if (random.nextInt(5) == 0) {
        clock.beat();
      }
      long now = clock.getAsLong();
      assertThat(now).isGreaterThanOrEqualTo(last);
      last = now;
    }
  }
}
