package io.dragonfly.transport.http.internal.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.internal.loop.ActiveClock;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.LeakCheck;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The clock stands where the test puts it; the watch looks whenever something is added. */
@ExtendWith(LeakCheck.class)
class StallWatchTest {
  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);

  private final AtomicLong now = new AtomicLong(-5 * SECOND);
  private final StallWatch watch = new StallWatch(now::get, () -> {});

  @AfterEach
  void close() {
    watch.close();
  }

  private final class Waiting implements StallWatch.Watched {
    private final long deadline;
    private final CountDownLatch stalled = new CountDownLatch(1);
    private final AtomicInteger times = new AtomicInteger();

    Waiting(long nanos) {
      deadline = now.get() + nanos;
    }

    @Override
    public long nanosLeft(long at) {
      return deadline - at;
    }

    @Override
    public void stalled() {
      times.incrementAndGet();
      stalled.countDown();
    }

    void awaitStalled() throws InterruptedException {
      assertThat(stalled.await(10, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void endsWhatIsOverdueOnceAndNothingElse() throws Exception {
    Waiting patient = new Waiting(100 * SECOND);
    Waiting impatient = new Waiting(10 * SECOND);
    watch.add(patient);
    watch.add(impatient);
    now.addAndGet(11 * SECOND);
    Waiting late = new Waiting(0);
    watch.add(late);

    impatient.awaitStalled();
    late.awaitStalled();
    Waiting later = new Waiting(0);
    watch.add(later);
    later.awaitStalled();
    assertThat(impatient.times).hasValue(1);
    assertThat(patient.times).hasValue(0);
  }

  @Test
  void whatIsRemovedIsLeftAlone() throws Exception {
    Waiting removed = new Waiting(10 * SECOND);
    watch.add(removed);
    watch.remove(removed);
    now.addAndGet(11 * SECOND);
    Waiting late = new Waiting(0);
    watch.add(late);
    late.awaitStalled();
    assertThat(removed.times).hasValue(0);
  }

  @Test
  void aPauseOfThisProcessStallsNobody() throws Exception {
    Waiting late = new Waiting(0);
    Waiting waiting = new Waiting(10 * SECOND);
    try (StallWatch paused = new StallWatch(ActiveClock.of(now::get, new FakeTicker().timer()))) {
      paused.add(waiting);
      now.addAndGet(30 * SECOND);
      paused.add(late);
      late.awaitStalled();
      assertThat(waiting.times).hasValue(0);
    }
  }

  @Test
  void wakesByItselfWhenTheFirstIsDue() throws Exception {
    ActiveClock clock = ActiveClock.ofProcess();
    clock.beat();
    try (StallWatch real = new StallWatch(clock)) {
      now.set(clock.getAsLong());
      Waiting soon = new Waiting(SECOND / 20);
      real.add(soon);
      soon.awaitStalled();
    }
  }
}
