package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.error.NoProgressException;
import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.rate.Rate;
import io.dragonfly.testkit.LeakCheck;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A look at a fetch that fails, as with a defect, is not the last one: the fetch ends in time. */
@ExtendWith(LeakCheck.class)
class FetchWatchTest {
  private static final Duration LONG = Duration.ofHours(1);

  @TempDir Path dir;
  private ClientFixture fixture;
  private FailingClock clock;

  /** A clock that fails for the first look at a fetch that reads it. */
  private static final class FailingClock implements LongSupplier {
    private static final String LOOKS = "io.dragonfly.internal.transfer.Fetches";

    private final LongSupplier right;
    private volatile boolean failed;

    FailingClock(LongSupplier right) {
      this.right = right;
    }

    @Override
    public long getAsLong() {
      if (!failed && isInALook()) {
        failed = true;
        throw new IllegalStateException("the clock of a test fails once");
      }
      return right.getAsLong();
    }

    private static boolean isInALook() {
      return StackWalker.getInstance()
          .walk(
              frames ->
                  frames.anyMatch(
                      frame ->
                          frame.getClassName().equals(LOOKS)
                              && frame.getMethodName().equals("look")));
    }
  }

  @BeforeEach
  void begin() {
    fixture = new ClientFixture(dir);
    clock = new FailingClock(fixture.ticker);
    fixture.source.put(URI_A, bytes(9 * PIECE)).stallAt(URI_A, PIECE + PIECE / 2);
  }

  @AfterEach
  void end() throws Exception {
    fixture.close();
  }

  private void assertEndsAfterAFailedLook(FetchRequest request, Duration noProgress)
      throws Exception {
    DistributionClient client =
        fixture.startInFakeTime(
            fixture.alone().sourceStallTimeout(LONG).noProgressTimeout(noProgress), clock);
    Fetch fetch = client.start(request);
    fixture.source.awaitStalled(URI_A);

    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertThat(clock.failed).isTrue();
    assertThat(fetch.completion())
        .failsWithin(1, TimeUnit.SECONDS)
        .withThrowableOfType(ExecutionException.class)
        .withCauseInstanceOf(NoProgressException.class);
  }

  @Test
  void theLimitWithoutProgressHolds() throws Exception {
    assertEndsAfterAFailedLook(fixture.request().build(), Duration.ofSeconds(20));
  }

  @Test
  void theMinimumRateHolds() throws Exception {
    assertEndsAfterAFailedLook(fixture.request().minRate(Rate.ofBytes(64 << 10)).build(), LONG);
  }
}
