package io.dragonfly.internal.supernode;

import static io.dragonfly.internal.supernode.RegistrationTest.failure;
import static io.dragonfly.internal.supernode.TestPeer.get;
import static io.dragonfly.internal.supernode.TestSupernode.FILE;
import static io.dragonfly.internal.supernode.TestSupernode.PIECE;
import static io.dragonfly.internal.supernode.TestSupernode.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.control.RegisterResponse;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.testkit.FakeSource;
import io.dragonfly.testkit.LeakCheck;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Registrations while the source says that it has too much to do. */
@ExtendWith(LeakCheck.class)
class BusySourceTest {
  private static final Duration STEP = Duration.ofMillis(100);

  private final FakeSource source = new FakeSource();
  private final TestSupernode supernode = new TestSupernode.Setup().source(source).start();
  private final int idleTimers = supernode.ticker.timersSet();

  @AfterEach
  void close() {
    supernode.close();
    assertThat(source.openStreams()).isZero();
  }

  private void busy(int status, Optional<Duration> retryAfter) {
    source
        .put(FILE, bytes(2 * PIECE))
        .fail(FILE, new SourceFailedException("busy", status, retryAfter));
  }

  /** Tells whether the supernode has got its answer, and waits before it asks again. */
  private boolean isPausing() {
    return supernode.ticker.timersSet() > idleTimers;
  }

  /** Lets time pass, but for that of the questions themselves, until an answer is there. */
  private Duration passUntilDone(CompletableFuture<?> answer) {
    long start = supernode.ticker.getAsLong();
    await()
        .pollInterval(Duration.ofMillis(1))
        .until(
            () -> {
              if (isPausing()) {
                supernode.ticker.advance(STEP);
              }
              return answer.isDone();
            });
    return Duration.ofNanos(supernode.ticker.getAsLong() - start);
  }

  @Test
  void isAskedAgainWhenItWantsAndOnceForAllThatWait() {
    busy(503, Optional.of(Duration.ofSeconds(5)));
    CompletableFuture<RegisterResponse> first = new TestPeer(supernode).register(FILE);
    CompletableFuture<RegisterResponse> second = new TestPeer(supernode).register(FILE);
    await().until(this::isPausing);
    supernode.ticker.advance(Duration.ofMillis(4_900));
    assertThat(source.opened()).hasSize(1);
    assertThat(first).isNotDone();

    source.heal(FILE);
    passUntilDone(first);

    assertThat(get(first).task().layout().pieces()).isEqualTo(2);
    assertThat(get(second).task().id()).isEqualTo(get(first).task().id());
    assertThat(source.opened()).hasSize(2);
  }

  @Test
  void isLeftAloneWhenItWantsThatForLongerThanAPeerWaits() {
    busy(429, Optional.of(Duration.ofMinutes(1)));
    assertThat(failure(new TestPeer(supernode).register(FILE)))
        .isInstanceOfSatisfying(
            SourceFailedException.class,
            said -> {
              assertThat(said.status()).hasValue(429);
              assertThat(said.retryAfter()).hasValue(Duration.ofMinutes(1));
            });
    assertThat(source.opened()).hasSize(1);
  }

  @Test
  void isAskedLessAndLessOftenAndNotForEver() {
    for (int status : List.of(429, 500, 503)) {
      int before = source.opened().size();
      busy(status, Optional.empty());
      CompletableFuture<RegisterResponse> answer = new TestPeer(supernode).register(FILE);
      assertThat(passUntilDone(answer)).isGreaterThan(ProbeRetryPolicy.PATIENCE.dividedBy(2));
      assertThat(failure(answer)).isInstanceOf(SourceFailedException.class).hasMessage("busy");
      assertThat(source.opened().size() - before).isBetween(3, 8);
    }
  }

  @Test
  void aConnectionThatFailsIsTriedAgain() {
    source.put(FILE, bytes(2 * PIECE)).fail(FILE, new SourceFailedException("refused", null));
    CompletableFuture<RegisterResponse> answer = new TestPeer(supernode).register(FILE);
    await().until(this::isPausing);
    source.heal(FILE);
    passUntilDone(answer);
    assertThat(get(answer).task().layout().pieces()).isEqualTo(2);
  }

  @Test
  void aConnectionThatAlwaysFailsIsTriedFourTimes() {
    source.put(FILE, bytes(1)).fail(FILE, new SourceFailedException("refused", null));
    CompletableFuture<RegisterResponse> answer = new TestPeer(supernode).register(FILE);
    assertThat(passUntilDone(answer)).isLessThan(Duration.ofSeconds(4));
    assertThat(failure(answer)).hasMessage("refused");
    assertThat(source.opened()).hasSize(4);
  }

  @Test
  void anAnswerThatWillNotChangeIsNotAskedForAgain() {
    busy(410, Optional.of(Duration.ofSeconds(1)));
    assertThat(failure(new TestPeer(supernode).register(FILE))).hasMessage("busy");
    assertThat(source.opened()).hasSize(1);
  }

  @Test
  void whoWaitsForItHearsWhenTheSupernodeStops() {
    busy(503, Optional.of(Duration.ofSeconds(5)));
    CompletableFuture<RegisterResponse> answer = new TestPeer(supernode).register(FILE);
    await().until(this::isPausing);
    supernode.close();
    assertThat(failure(answer)).hasMessageContaining("stopping");
  }
}
