package io.dragonfly.examples.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class IdleGcTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  private final AtomicLong now = new AtomicLong(5);
  private final Uses uses = new Uses(now::get);
  private final AtomicInteger collections = new AtomicInteger();
  private Optional<Long> given = Optional.empty();
  private final IdleGc tidying =
      new IdleGc(
          uses,
          () -> given.map(at -> Duration.ofNanos(now.get() - at)),
          now::get,
          collections::incrementAndGet);

  @Test
  void waitsUntilTheClientHasLetItsBuffersGo() {
    use();
    assertCollections(0);

    pass(IdleGc.QUIET.minusNanos(1));
    assertCollections(0);
    pass(Duration.ofNanos(1));
    assertCollections(1);
  }

  @Test
  void isDoneOnceForAllThatHappened() {
    use();
    use();
    pass(MINUTE);
    assertCollections(1);
    pass(MINUTE);
    assertCollections(1);

    use();
    pass(MINUTE);
    assertCollections(2);
  }

  @Test
  void comesAfterPiecesWereGivenToo() {
    pass(MINUTE);
    assertCollections(1);
    given = Optional.of(now.get());
    assertCollections(1);

    pass(IdleGc.QUIET);
    assertCollections(2);
    pass(MINUTE);
    assertCollections(2);
  }

  @Test
  void neverComesDuringACall() {
    assertThat(uses.begin()).isTrue();
    pass(MINUTE);

    assertCollections(0);
  }

  private void use() {
    assertThat(uses.begin()).isTrue();
    pass(Duration.ofSeconds(1));
    uses.end();
  }

  private void pass(Duration time) {
    now.addAndGet(time.toNanos());
  }

  private void assertCollections(int count) {
    tidying.tidyIfQuiet();
    assertThat(collections).hasValue(count);
  }
}
