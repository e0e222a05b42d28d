package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.NoProgressException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.rate.Rate;
import io.dragonfly.testkit.LeakCheck;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class MinRateTest {
  private static final Rate LEAST = Rate.ofBytes(64 << 10);

  @TempDir Path dir;

  private ClientFixture fixture;
  private long start;

  @BeforeEach
  void begin() {
    fixture = new ClientFixture(dir);
    start = fixture.ticker.getAsLong();
  }

  @AfterEach
  void end() throws Exception {
    fixture.close();
  }

  private DistributionClient client() {
    return fixture.startInFakeTime(fixture.alone().sourceStallTimeout(Duration.ofHours(1)));
  }

  private Duration spent() {
    return Duration.ofNanos(fixture.ticker.getAsLong() - start);
  }

  private static void assertTooSlow(Fetch fetch, int bytes) {
    assertThat(fetch.completion())
        .failsWithin(1, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(NoProgressException.class)
        .withMessageContaining("Only " + bytes + " bytes")
        .withMessageContaining("minimum rate of 65536 B/s");
  }

  @Test
  void aFetchThatIsTooSlowEnds() throws Exception {
    // A piece and a half: what makes no piece yet counts as well.
    fixture.source.put(URI_A, bytes(9 * PIECE)).stallAt(URI_A, PIECE + PIECE / 2);
    Fetch fetch = client().start(fixture.request().minRate(LEAST).build());
    fixture.source.awaitStalled(URI_A);
    fixture.advanceUntil(() -> fetch.completion().isDone());
    assertTooSlow(fetch, PIECE + PIECE / 2);
    assertThat(spent()).isBetween(Duration.ofSeconds(13), Duration.ofSeconds(15));
  }

  @Test
  void soDoesOneOfUnknownLength() throws Exception {
    fixture.source.put(URI_A, bytes(9 << 20)).withoutLength(URI_A).stallAt(URI_A, 64 << 10);
    Fetch fetch = client().start(fixture.request().minRate(LEAST).build());
    fixture.source.awaitStalled(URI_A);
    fixture.advanceUntil(() -> fetch.completion().isDone());
    assertTooSlow(fetch, 64 << 10);
    assertThat(spent()).isBetween(Duration.ofSeconds(11), Duration.ofSeconds(13));
  }

  @Test
  void soDoesOneThatFindsNothing() throws Exception {
    fixture.source.put(URI_A, bytes(PIECE)).stallProbes(URI_A);
    Fetch fetch = client().start(fixture.request().minRate(LEAST).build());
    fixture.source.awaitStalled(URI_A);
    fixture.advanceUntil(() -> fetch.completion().isDone());
    assertTooSlow(fetch, 0);
    assertThat(spent()).isBetween(Duration.ofSeconds(10), Duration.ofSeconds(12));
  }

  @Test
  void oneThatIsFastEnoughOnAverageDoesNot() throws Exception {
    fixture.source.put(URI_A, bytes(9 * PIECE)).stallAt(URI_A, 6 * PIECE);
    Fetch fetch = client().start(fixture.request().minRate(LEAST).build());
    fixture.source.awaitStalled(URI_A);
    fixture.advanceUntil(() -> spent().toSeconds() >= 21);
    assertThat(fetch.completion()).isNotDone();
    fixture.source.resume(URI_A);
    assertThat(fetch.completion()).succeedsWithin(10, TimeUnit.SECONDS);
  }

  @Test
  void aRateBelowTheMinimumIsRefused() {
    assertThatThrownBy(() -> fixture.request().minRate(LEAST).rate(Rate.ofBytes(20_000)).build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("rate is 20000 B/s, must be >= minRate, which is 65536 B/s");
    fixture.source.put(URI_A, bytes(PIECE)).stallAt(URI_A, 5);
    Fetch fetch = client().start(fixture.request().minRate(LEAST).build());
    assertThatThrownBy(() -> fetch.setRate(Optional.of(Rate.ofBytes(20_000))))
        .isInstanceOf(IllegalArgumentException.class);
    fetch.cancel();
  }
}
