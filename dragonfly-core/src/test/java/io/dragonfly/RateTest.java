package io.dragonfly;

import static io.dragonfly.ClientFixture.PIECE;
import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.fetch.Fetch;
import io.dragonfly.rate.Rate;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.RateLimiterProvider;
import io.dragonfly.testkit.FakeSupernode;
import io.dragonfly.testkit.LeakCheck;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(LeakCheck.class)
class RateTest {
  private static final Rate SLOW = Rate.ofBytes(1 << 10);

  @TempDir Path dir;

  private ClientFixture fixture;
  private final Limits limits = new Limits();

  /** Limiters that ask for a pause of ten seconds each time, as long as there is a rate. */
  private static final class Limits implements RateLimiterProvider {
    private final List<Limit> made = new CopyOnWriteArrayList<>();

    @Override
    public String name() {
      return "slow";
    }

    @Override
    public RateLimiter create(Optional<Rate> rate) {
      Limit limit = new Limit();
      limit.setRate(rate);
      made.add(limit);
      return limit;
    }
  }

  private static final class Limit implements RateLimiter {
    private final List<Optional<Rate>> rates = new CopyOnWriteArrayList<>();

    @Override
    public long take(long bytes) {
      return rates.get(rates.size() - 1).isEmpty() ? 0 : Duration.ofSeconds(10).toNanos();
    }

    @Override
    public void setRate(Optional<Rate> rate) {
      rates.add(rate);
    }
  }

  @BeforeEach
  void begin() {
    fixture = new ClientFixture(dir);
  }

  @AfterEach
  void end() throws Exception {
    fixture.close();
  }

  @Test
  void takesFromParentsPause() {
    FakeSupernode supernode = fixture.supernode();
    // Many pieces: a pause comes a little after the bytes that ask for it, maybe after a last one.
    supernode.put(URI_A, bytes(24 * PIECE));
    long start = fixture.ticker.getAsLong();
    DistributionClient client = fixture.startInFakeTime(fixture.of(supernode).rateLimiter(limits));
    Fetch fetch = client.start(fixture.request().rate(SLOW).build());
    fixture.advanceUntil(() -> fetch.completion().isDone());

    assertThat(fixture.output()).hasBinaryContent(bytes(24 * PIECE));
    assertThat(fixture.ticker.getAsLong() - start).isGreaterThan(Duration.ofSeconds(4).toNanos());
  }

  @Test
  void readsOfTheSourcePauseUntilTheRateIsLifted() throws Exception {
    fixture.source.put(URI_A, bytes(16 << 20));
    DistributionClient client = fixture.start(fixture.alone().rateLimiter(limits));
    Fetch fetch = client.start(fixture.request().rate(SLOW).build());
    ClientFixture.await(() -> fixture.source.bytesRead() > 0);
    assertThat(fetch.completion()).isNotDone();
    fetch.cancel();
    assertThat(limits.made.get(limits.made.size() - 1).rates).contains(Optional.of(SLOW));
  }

  @Test
  void theMostGenerousFetchDecides() throws Exception {
    fixture.source.put(URI_A, bytes(16 << 20));
    DistributionClient client = fixture.start(fixture.alone().rateLimiter(limits));
    Fetch slow = client.start(fixture.request().rate(SLOW).build());
    ClientFixture.await(() -> fixture.source.bytesRead() > 0);
    Fetch faster =
        client.start(
            fixture.request().rate(Rate.ofBytes(5 << 10)).output(dir.resolve("other")).build());
    Limit own = limits.made.get(limits.made.size() - 1);
    ClientFixture.await(() -> own.rates.contains(Optional.of(Rate.ofBytes(5 << 10))));
    faster.setRate(Optional.of(Rate.ofBytes(7 << 10)));
    ClientFixture.await(() -> own.rates.contains(Optional.of(Rate.ofBytes(7 << 10))));
    faster.cancel();
    ClientFixture.await(() -> own.rates.get(own.rates.size() - 1).equals(Optional.of(SLOW)));
    slow.cancel();
  }

  @Test
  void theClientsOwnLimitsAreSet() throws Exception {
    FakeSupernode supernode = fixture.supernode();
    fixture.start(
        fixture
            .of(supernode)
            .rateLimiter(limits)
            .downloadRate(Rate.ofBytes(11 << 10))
            .uploadRate(Rate.ofBytes(13 << 10)));
    assertThat(limits.made.stream().map(limit -> limit.rates.get(0)).toList())
        .contains(Optional.of(Rate.ofBytes(11 << 10)), Optional.of(Rate.ofBytes(13 << 10)));
  }

  @Test
  void aRateThatIsLiftedLetsTheRestCome() throws Exception {
    byte[] bytes = bytes(PIECE);
    fixture.source.put(URI_A, bytes);
    DistributionClient client = fixture.startInFakeTime(fixture.alone().rateLimiter(limits));
    Fetch fetch = client.start(fixture.request().rate(SLOW).build());
    ClientFixture.await(() -> fixture.source.bytesRead() > 0);
    fetch.setRate(Optional.empty());
    fixture.advanceUntil(() -> fetch.completion().isDone());
    assertThat(fetch.completion()).succeedsWithin(1, TimeUnit.SECONDS);
  }
}
