package io.dragonfly.internal.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.spi.StoredTask;
import io.dragonfly.task.TaskId;
import io.dragonfly.testkit.FakeTicker;
import io.dragonfly.testkit.MemoryStorage;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AccessTimesTest {
  private static final TaskId TASK = DiskFixture.TASK.id();
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final FakeTicker ticker = new FakeTicker();
  private final MemoryStorage storage = new MemoryStorage();
  private final StoredTask stored = storage.create(DiskFixture.TASK);
  private AccessTimes times = new AccessTimes(ticker, ticker.clock());

  @AfterEach
  void close() {
    storage.close();
  }

  @Test
  void whatWasThereBeforeIsUnusedSinceTheStart() throws Exception {
    stored.used(FakeTicker.START.minus(MINUTE));
    ticker.advance(MINUTE);

    assertThat(times.idle(TASK)).isEqualTo(MINUTE);
    assertThat(times.age(stored)).isEqualTo(MINUTE.multipliedBy(2));
    assertThat(times.lastUse(stored)).isEqualTo(FakeTicker.START.minus(MINUTE));
  }

  @Test
  void aLastUseInTheFutureIsNow() throws Exception {
    stored.used(FakeTicker.START.plus(MINUTE));
    assertThat(times.age(stored)).isZero();
  }

  @Test
  void usesAreRecordedForTheNextProcess() {
    ticker.advance(MINUTE);
    times.used(TASK);
    ticker.advance(MINUTE);
    assertThat(times.age(stored)).isEqualTo(MINUTE);
    times.record(storage);
    assertThat(stored.lastUse()).hasValue(FakeTicker.START.plus(MINUTE));

    times = new AccessTimes(ticker, ticker.clock());
    assertThat(times.idle(TASK)).isZero();
    assertThat(times.age(stored)).isEqualTo(MINUTE);
  }
}
