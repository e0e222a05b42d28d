package io.dragonfly.internal.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.LeakCheck;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class TimeoutTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  private final FakeTicker ticker = new FakeTicker();
  private final Timers timers = new Timers(ticker.timer(), ticker);
  private final EventLoop loop = new EventLoop("dragonfly-engine", timers);
  private final AtomicInteger ended = new AtomicInteger();

  @AfterEach
  void close() {
    loop.close();
    timers.close();
  }

  private void settle() throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    loop.execute(() -> done.complete(null));
    done.get(10, TimeUnit.SECONDS);
  }

  private void advance(Duration time) throws Exception {
    ticker.advance(time);
    settle();
  }

  @Test
  void endsOnTimeInAProcessThatRuns() throws Exception {
    var unused = loop.timeout(TIMEOUT, ended::incrementAndGet);
    advance(TIMEOUT.minusMillis(1));
    assertThat(ended).hasValue(0);
    advance(Duration.ofMillis(1));
    assertThat(ended).hasValue(1);
    advance(TIMEOUT);
    assertThat(ended).hasValue(1);
  }

  @Test
  void isLongerByTheTimeInWhichTheProcessWasStopped() throws Exception {
    var unused = loop.timeout(TIMEOUT, ended::incrementAndGet);
    ticker.pass(Duration.ofSeconds(30));
    advance(TIMEOUT.minusSeconds(1));
    assertThat(ended).hasValue(0);
    advance(Duration.ofSeconds(1));
    assertThat(ended).hasValue(1);
  }

  @Test
  void doesNotEndOnceItIsCancelledAlsoInItsSecondWait() throws Exception {
    Timers.Timer timer = loop.timeout(TIMEOUT, ended::incrementAndGet);
    ticker.pass(Duration.ofSeconds(30));
    advance(Duration.ofSeconds(1));
    loop.execute(timer::cancel);
    settle();
    advance(TIMEOUT);
    assertThat(ended).hasValue(0);
  }
}
