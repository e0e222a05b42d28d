package io.dragonfly.internal.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class SyncerTest {
  private final BlockingQueue<String> synced = new LinkedBlockingQueue<>();

  @Test
  void syncsWhatWasWritten() throws Exception {
    try (Syncer syncer = Syncer.start(Duration.ofMillis(1))) {
      Syncer.Target a = () -> synced.add("a");
      syncer.written(a);
      assertThat(synced.poll(10, TimeUnit.SECONDS)).isEqualTo("a");
      syncer.written(a);
      assertThat(synced.poll(10, TimeUnit.SECONDS)).isEqualTo("a");
    }
  }

  @Test
  void oneSyncDoesForManyWrites() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    try (Syncer syncer = Syncer.start(Duration.ofMillis(1))) {
      syncer.written(() -> await(go));
      Syncer.Target b = () -> synced.add("b");
      for (int i = 0; i < 1000; i++) {
        syncer.written(b); // while the one before is being synced
      }
      go.countDown();
      Syncer.Target last = () -> synced.add("last");
      assertThat(synced.poll(10, TimeUnit.SECONDS)).isEqualTo("b");
      syncer.written(last);
      String next = synced.poll(10, TimeUnit.SECONDS);
      assertThat(next).isIn("b", "last"); // the first of them may have been synced by itself
      assertThat(synced).hasSizeLessThanOrEqualTo(1);
    }
  }

  @Test
  void goesOnAfterASyncThatFailed() throws Exception {
    try (Syncer syncer = Syncer.start(Duration.ofMillis(1))) {
      syncer.written(
          () -> {
            throw new IOException("broken on purpose");
          });
      syncer.written(() -> synced.add("after"));
      assertThat(synced.poll(10, TimeUnit.SECONDS)).isEqualTo("after");
    }
  }

  @Test
  void closeLeavesTheRestToTheKernel() {
    try (Syncer syncer = Syncer.start(Duration.ofHours(1))) {
      syncer.written(() -> synced.add("late"));
    }
    assertThat(synced).isEmpty();
  }

  @Test
  void anInterruptOfWhoClosesIsKept() {
    Syncer syncer = Syncer.start(Duration.ofHours(1));
    Thread.currentThread().interrupt();
    syncer.close();
    assertThat(Thread.interrupted()).isTrue();
  }

  private static void await(CountDownLatch latch) throws IOException {
    try {
      if (!latch.await(10, TimeUnit.SECONDS)) {
        throw new IOException("nobody lets us go");
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }
}
