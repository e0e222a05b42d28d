package io.dragonfly.internal.transfer;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeTicker;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class TaskUsesTest {
  private static final TaskId TASK = new TaskId("a".repeat(64));
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final FakeTicker ticker = new FakeTicker();
  private final TaskUses uses = new TaskUses(ticker, FakeTicker.START);

  @Test
  void whatWasThereBeforeCountsAsUsedAtTheStart() {
    ticker.advance(MINUTE);
    assertThat(uses.isIdle(TASK, MINUTE)).isFalse();
    ticker.advance(Duration.ofNanos(1));
    assertThat(uses.isIdle(TASK, MINUTE)).isTrue();
  }

  @Test
  void whatIsGivenToAnotherPeerIsUsed() {
    assertThat(uses.sinceGiven()).isEmpty();
    ticker.advance(MINUTE.multipliedBy(2));
    uses.given(TASK);
    ticker.advance(MINUTE);

    assertThat(uses.isIdle(TASK, MINUTE)).isFalse();
    assertThat(uses.sinceGiven()).hasValue(MINUTE.toNanos());
  }

  @Test
  void aFetchIsAUseButGivesNothing() {
    ticker.advance(MINUTE.multipliedBy(2));
    uses.fetched(TASK);

    assertThat(uses.isIdle(TASK, MINUTE)).isFalse();
    assertThat(uses.sinceGiven()).isEmpty();
  }
}
