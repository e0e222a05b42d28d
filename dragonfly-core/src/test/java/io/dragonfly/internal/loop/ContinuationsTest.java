package io.dragonfly.internal.loop;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.LeakCheck;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(LeakCheck.class)
class ContinuationsTest {
  @Test
  void whatGoesWrongIsToldWithoutWrapping() {
    List<Object> seen = new ArrayList<>();
    CompletableFuture<String> first = new CompletableFuture<>();
    Continuations.whenDone(
        first.thenApply(value -> value).thenApply(value -> value),
        (value, failure) -> seen.add(String.valueOf(failure)));
    Continuations.whenDone(first, (value, failure) -> seen.add(String.valueOf(failure)));
    first.completeExceptionally(new IllegalStateException("why"));
    String why = "java.lang.IllegalStateException: why";
    assertThat(seen).containsExactlyInAnyOrder(why, why);
  }

  @Test
  void aDefectOfOneIsNoneOfTheOthers() {
    List<Object> seen = new ArrayList<>();
    CompletableFuture<String> stage = new CompletableFuture<>();
    Continuations.whenDone(stage, (value, failure) -> seen.add(value));
    Continuations.whenDone(
        stage,
        (value, failure) -> {
          throw new NoClassDefFoundError("a defect");
        });
    Continuations.whenDone(stage, (value, failure) -> seen.add(value));
    stage.complete("value");
    assertThat(seen).containsExactly("value", "value");
  }

  @Test
  void anErrorLeavesTheLoopItsThread() throws Exception {
    FakeTicker ticker = new FakeTicker();
    CompletableFuture<Thread> before = new CompletableFuture<>();
    CompletableFuture<Thread> after = new CompletableFuture<>();
    try (Timers timers = new Timers(ticker.timer(), ticker);
        EventLoop loop = new EventLoop("dragonfly-engine", timers)) {
      loop.execute(() -> before.complete(Thread.currentThread()));
      loop.execute(
          () -> {
            throw new NoClassDefFoundError("a defect");
          });
      loop.execute(() -> after.complete(Thread.currentThread()));
      assertThat(after.get(20, TimeUnit.SECONDS)).isSameAs(before.get(20, TimeUnit.SECONDS));
    }
  }
}
