package io.dragonfly.transport.http.internal.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.rate.Rate;
import io.dragonfly.spi.RateLimiter;
import io.dragonfly.spi.RateLimiterProvider;
import io.dragonfly.transport.http.RawConnection;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How fast the server sends files. */
abstract class HttpServerRates extends HttpServerFixture {
  private static final int MIB = 1 << 20;

  private final List<Long> takes = new CopyOnWriteArrayList<>();

  @BeforeEach
  void putLarge() {
    pieces.put(LARGE_TASK, new byte[LARGE]);
  }

  @Test
  void filesAreSentAtTheRateOfTheUploads() throws IOException {
    pieces.limitUploads(bucket(8L * MIB));
    long nanos = nanosToRead(16 * MIB);
    // Two seconds, less a burst and what the last run was let ahead.
    assertThat(Duration.ofNanos(nanos)).isBetween(Duration.ofMillis(1750), Duration.ofSeconds(10));
    assertThat(takes.stream().mapToLong(Long::longValue).sum()).isEqualTo(16L * MIB);
  }

  @Test
  void twoAtOnceShareTheRate() throws IOException {
    pieces.limitUploads(bucket(8L * MIB));
    long start = System.nanoTime();
    RawConnection first = connect().send(get(LARGE_TASK, "bytes=0-" + (8 * MIB - 1)));
    RawConnection second = connect().send(get(LARGE_TASK, "bytes=0-" + (8 * MIB - 1)));
    first.read();
    second.read();
    assertThat(System.nanoTime() - start).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(1700));
  }

  @Test
  void atALowRateLittleIsSentAtOnce() throws IOException {
    pieces.limitUploads(bucket(64 << 10));
    // What the least burst of 64 KiB lets through and a little more.
    assertThat(nanosToRead(160 << 10)).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(900));
    // Each portion begins with 16 KiB, and grows while the limit asks for no pause.
    assertThat(Collections.min(takes.subList(0, takes.size() - 1))).isBetween(1L << 10, 15L << 10);
  }

  @Test
  void withoutALimitMuchIsSentAtOnce() throws IOException {
    pieces.limitUploads(recording(limiters().create(Optional.empty())));
    nanosToRead(4 * MIB);
    assertThat(takes).contains(256L << 10);
  }

  @Test
  void whatWaitsGoesOnWhenTheRateIsRaised() throws IOException {
    RateLimiter limiter = limiters().create(Optional.of(Rate.LEAST_LIMIT));
    limiter.take(MIB); // an owed quarter of an hour
    pieces.limitUploads(recording(limiter));
    RawConnection waiting = connect().send(get(TASK, "bytes=0-9"));
    await().atMost(SOON).until(() -> !takes.isEmpty());
    long start = System.nanoTime();
    limiter.setRate(Optional.empty());
    assertThat(waiting.read().status()).isEqualTo(206);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SOON);
  }

  @Test
  void whoWaitsForTheLimitIsNotGivenUp() throws IOException {
    Duration shortly = Duration.ofMillis(100);
    ServerLimits limits =
        new ServerLimits(10, 10, SOON, SOON, shortly, 1 << 20, Duration.ofMillis(20));
    RateLimiter limiter = limiters().create(Optional.of(Rate.LEAST_LIMIT));
    limiter.take(65 << 10); // a second
    pieces.limitUploads(recording(limiter));
    try (HttpServer impatient = serve(limits)) {
      RawConnection waiting = connect(impatient).send(get(TASK, "bytes=0-9"));
      assertThat(waiting.read().body()).hasSize(10);
    }
  }

  private long nanosToRead(int bytes) throws IOException {
    RawConnection connection = connect();
    long start = System.nanoTime();
    connection.send(get(LARGE_TASK, "bytes=0-" + (bytes - 1)));
    assertThat(connection.read().body()).hasSize(bytes);
    return System.nanoTime() - start;
  }

  private RateLimiter bucket(long bytesPerSecond) {
    return recording(limiters().create(Optional.of(Rate.ofBytes(bytesPerSecond))));
  }

  private static RateLimiterProvider limiters() {
    return ServiceLoader.load(RateLimiterProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(provider -> provider.name().equals("bucket4j"))
        .findFirst()
        .orElseThrow();
  }

  /** Notes how much is taken at once; questions are not noted. */
  private RateLimiter recording(RateLimiter limiter) {
    return new RateLimiter() {
      @Override
      public long take(long bytes) {
        if (bytes > 0) {
          takes.add(bytes);
        }
        return limiter.take(bytes);
      }

      @Override
      public void setRate(Optional<Rate> rate) {
        limiter.setRate(rate);
      }
    };
  }
}
