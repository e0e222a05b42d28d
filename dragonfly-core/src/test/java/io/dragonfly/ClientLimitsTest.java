package io.dragonfly;

import static io.dragonfly.ClientFixture.URI_A;
import static io.dragonfly.ClientFixture.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.fetch.Fetch;
import io.dragonfly.fetch.FetchRequest;
import io.dragonfly.internal.rate.Bucket4jRateLimiterProvider;
import io.dragonfly.rate.Limits;
import io.dragonfly.rate.Rate;
import io.dragonfly.testkit.LeakCheck;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Limits as users set and change them, with real limiters in real time. */
@Timeout(60)
@ExtendWith(LeakCheck.class)
class ClientLimitsTest {
  private static final Rate LOW = Rate.ofBytes(1 << 10);
  private static final int MIB = 1 << 20;

  @TempDir Path dir;

  private ClientFixture fixture;

  @BeforeEach
  void begin() {
    fixture = new ClientFixture(dir);
    fixture.source.put(URI_A, bytes(MIB)); // a quarter of an hour at the low rate
  }

  @AfterEach
  void end() throws Exception {
    fixture.close();
  }

  private ClientConfig.Builder config() {
    return fixture.alone().rateLimiter(new Bucket4jRateLimiterProvider());
  }

  /** Waits until the fetch is held up, lifts the limit, and tells how long the rest took. */
  private void isReleased(DistributionClient client, BiConsumer<DistributionClient, Fetch> lift) {
    isReleased(client, fixture.request().build(), lift);
  }

  private void isReleased(
      DistributionClient client, FetchRequest request, BiConsumer<DistributionClient, Fetch> lift) {
    Fetch fetch = client.start(request);
    ClientFixture.await(() -> fixture.source.bytesRead() > 0);
    assertThat(fetch.completion()).isNotDone();
    lift.accept(client, fetch);
    assertThat(fetch.completion()).succeedsWithin(10, TimeUnit.SECONDS);
  }

  @Test
  void theDownloadRateCanBeLiftedWhileItHoldsAFetchUp() {
    isReleased(
        fixture.start(config().downloadRate(LOW)),
        (client, fetch) -> client.setDownloadRate(Optional.empty()));
  }

  @Test
  void soCanTheHostsRate() {
    isReleased(
        fixture.start(config().totalRate(LOW)),
        (client, fetch) -> client.setTotalRate(Optional.of(Rate.ofBytes(100 * MIB))));
  }

  @Test
  void soCanAFetchsOwn() {
    isReleased(
        fixture.start(config()),
        fixture.request().rate(LOW).build(),
        (client, fetch) -> fetch.setRate(Optional.of(Rate.ofBytes(100 * MIB))));
  }

  @Test
  void aRateThatIsSetHoldsForWhatIsOnItsWay() throws Exception {
    fixture.source.put(URI_A, bytes(64 * MIB)).stallAt(URI_A, MIB);
    DistributionClient client = fixture.start(config());
    Fetch fetch = client.start(fixture.request().build());
    fixture.source.awaitStalled(URI_A);
    client.setDownloadRate(Optional.of(LOW));
    fixture.source.resume(URI_A);
    ClientFixture.await(() -> fixture.source.bytesRead() > MIB);
    long before = fixture.source.bytesRead();
    assertThat(fetch.completion())
        .failsWithin(500, TimeUnit.MILLISECONDS)
        .withThrowableOfType(TimeoutException.class);
    assertThat(fixture.source.bytesRead() - before).isLessThan(MIB);
    fetch.cancel();
  }

  @Test
  void whatIsHeldUpByALimitHereIsNotWithoutProgress() {
    fixture.source.put(URI_A, bytes(20 << 10));
    // The first 16 KiB alone make a pause of 4 s.
    DistributionClient client =
        fixture.start(
            config().totalRate(Rate.ofBytes(4 << 10)).noProgressTimeout(Duration.ofSeconds(2)));
    long start = System.nanoTime();
    client.fetch(fixture.request().build());
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofSeconds(3));
  }

  @Test
  void theLimitsThatHoldAreTold() {
    DistributionClient one =
        fixture.start(config().downloadRate(LOW).totalRate(Rate.ofBytes(9 * MIB)));
    Limits limits = one.limits();
    assertThat(limits.downloadRate()).contains(LOW);
    assertThat(limits.uploadRate()).isEmpty();
    assertThat(limits.totalRate()).contains(Rate.ofBytes(9 * MIB));
    assertThat(limits.hostRate()).contains(Rate.ofBytes(9 * MIB));
    assertThat(limits)
        .hasToString(
            "download 1024 B/s, upload without limit, total 9437184 B/s, host 9437184 B/s");

    DistributionClient embedded = fixture.start(config().home(dir.resolve("embedded")));
    assertThat(embedded.limits().hostRate()).isEmpty();
    DistributionClient other =
        fixture.start(config().home(dir.resolve("other")).shareHostLimit(true));
    assertThat(other.limits().hostRate()).contains(Rate.ofBytes(9 * MIB));
    other.setTotalRate(Optional.of(Rate.ofBytes(5 * MIB)));
    other.setUploadRate(Optional.of(LOW));
    assertThat(other.limits().uploadRate()).contains(LOW);
    ClientFixture.await(() -> one.limits().hostRate().equals(Optional.of(Rate.ofBytes(5 * MIB))));
    other.close();
    ClientFixture.await(() -> one.limits().hostRate().equals(Optional.of(Rate.ofBytes(9 * MIB))));
  }

  @Test
  void limitsUnderAKibibyteASecondAreRefused() {
    Rate less = Rate.ofBytes(1023);
    DistributionClient client = fixture.start(config());
    Fetch fetch = client.start(fixture.request().build());
    Optional<Rate> tooLow = Optional.of(less);
    for (ThrowingCallable call :
        List.<ThrowingCallable>of(
            () -> fixture.request().rate(less).build(),
            () -> ClientConfig.builder().downloadRate(less).build(),
            () -> ClientConfig.builder().uploadRate(less).build(),
            () -> ClientConfig.builder().totalRate(less).build(),
            () -> SupernodeConfig.builder().uploadRate(less).build(),
            () -> SupernodeConfig.builder().sourceRate(less).build(),
            () -> client.setDownloadRate(tooLow),
            () -> client.setUploadRate(tooLow),
            () -> client.setTotalRate(tooLow),
            () -> fetch.setRate(tooLow))) {
      assertThatThrownBy(call)
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("is 1023 B/s, must be >= 1024 B/s");
    }
    fetch.cancel();
  }

  @Test
  void aNegativeOfflineTtlIsRefusedByItsName() {
    ClientConfig.Builder config = ClientConfig.builder().offlineTtl(Duration.ofSeconds(-1));

    assertThatThrownBy(config::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("offlineTtl is PT-1S, must be >= 0");
  }
}
