package io.dragonfly.internal.cdn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class DaemonThreadsTest {
  private static final int MOST = 8;

  private final ExecutorService pool = DaemonThreads.pool("test", MOST);

  @Test
  void anIdleThreadIsUsedBeforeANewOneIsMade() throws Exception {
    int tasks = 400;
    ExecutorService large = DaemonThreads.pool("test", tasks);
    Set<Thread> threads = ConcurrentHashMap.newKeySet();
    for (int i = 0; i < tasks; i++) {
      large.submit(() -> threads.add(Thread.currentThread())).get();
    }
    // A thread is idle a moment after its result is there, so more than one may be made.
    assertTrue(threads.size() < tasks / 4, threads.size() + " threads for " + tasks + " tasks");
    large.shutdown();
  }

  @Test
  void noMoreThanTheBoundRunAtOnceAndTheOthersWait() throws Exception {
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch allBusy = new CountDownLatch(MOST);
    CountDownLatch open = new CountDownLatch(1);
    List<Future<?>> all = new ArrayList<>();
    for (int i = 0; i < 10 * MOST; i++) {
      all.add(
          pool.submit(
              () -> {
                most.accumulateAndGet(running.incrementAndGet(), Math::max);
                allBusy.countDown();
                open.await();
                return running.decrementAndGet();
              }));
    }
    allBusy.await();
    open.countDown();
    for (Future<?> one : all) {
      one.get();
    }
    assertEquals(MOST, most.get());
    pool.shutdown();
  }

  @Test
  void aPoolThatIsShutDownEndsItsWorkAndTakesNoMore() throws Exception {
    CountDownLatch open = new CountDownLatch(1);
    AtomicInteger done = new AtomicInteger();
    for (int i = 0; i < 3 * MOST; i++) {
      Future<?> unused =
          pool.submit(
              () -> {
                open.await();
                return done.incrementAndGet();
              });
    }
    pool.shutdown();
    assertThrows(RejectedExecutionException.class, () -> pool.execute(done::incrementAndGet));
    open.countDown();
    assertTrue(pool.awaitTermination(20, TimeUnit.SECONDS));
    assertEquals(3 * MOST, done.get());
  }
}
