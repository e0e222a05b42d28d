package io.dragonfly.contract;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.testkit.FakeTicker;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FakeTickerTest {
  private final FakeTicker ticker = new FakeTicker();
  private final ScheduledExecutorService timer = ticker.timer();
  private final List<String> ran = new ArrayList<>();

  @Test
  void timeStandsStillUntilItIsMoved() {
    long before = ticker.getAsLong();
    assertThat(ticker.getAsLong()).isEqualTo(before);
    ticker.advance(Duration.ofSeconds(3));

    assertThat(ticker.getAsLong() - before).isEqualTo(SECONDS.toNanos(3));
    assertThat(ticker.clock().instant()).isEqualTo(FakeTicker.START.plusSeconds(3));
    assertThat(ticker.clock().withZone(ZoneId.of("Asia/Tokyo")).getZone())
        .isEqualTo(ZoneId.of("Asia/Tokyo"));
  }

  @Test
  void timersRunInOrderAndAtTheirTime() {
    long start = ticker.getAsLong();
    timer.schedule(() -> ran.add("2 at " + secondsSince(start)), 2, SECONDS);
    timer.schedule(() -> ran.add("1 at " + secondsSince(start)), 1, SECONDS);
    timer.schedule(
        () -> timer.schedule(() -> ran.add("1+1 at " + secondsSince(start)), 1, SECONDS),
        1,
        SECONDS);
    timer.schedule(() -> ran.add("4"), 4, SECONDS);
    ticker.advance(Duration.ofSeconds(3));

    assertThat(ran).containsExactly("1 at 1", "2 at 2", "1+1 at 2");
    assertThat(ticker.timersSet()).isEqualTo(1);
  }

  @Test
  void whatHasNoDelayRunsAtTheNextAdvance() throws Exception {
    Future<Integer> future = timer.submit(() -> 7);
    timer.execute(() -> ran.add("executed"));
    assertThat(future).isNotDone();
    ticker.advance(Duration.ZERO);

    assertThat(future.get()).isEqualTo(7);
    assertThat(ran).containsExactly("executed");
  }

  @Test
  void periodsRepeatUntilTheyAreCancelled() {
    Future<?> rate = timer.scheduleAtFixedRate(() -> ran.add("rate"), 1, 2, SECONDS);
    Future<?> delay = timer.scheduleWithFixedDelay(() -> ran.add("delay"), 2, 2, SECONDS);
    ticker.advance(Duration.ofSeconds(4));
    assertThat(ran).containsExactly("rate", "delay", "rate", "delay");

    rate.cancel(false);
    delay.cancel(false);
    ticker.advance(Duration.ofSeconds(10));
    assertThat(ran).hasSize(4);
    assertThat(ticker.timersSet()).isZero();
  }

  @Test
  void aTimerThatIsShutDownTakesNothing() throws Exception {
    timer.schedule(() -> ran.add("never"), 1, SECONDS);
    assertThat(timer.shutdownNow()).hasSize(1);

    assertThat(timer.isShutdown()).isTrue();
    assertThat(timer.awaitTermination(1, SECONDS)).isTrue();
    assertThatThrownBy(() -> timer.schedule(() -> 1, 1, SECONDS))
        .isInstanceOf(RejectedExecutionException.class);
    ticker.advance(Duration.ofSeconds(2));
    assertThat(ran).isEmpty();
  }

  private long secondsSince(long start) {
    return SECONDS.convert(ticker.getAsLong() - start, TimeUnit.NANOSECONDS);
  }
}
