package io.dragonfly.transport.http.internal.proxy;

import static java.lang.Thread.State.TIMED_WAITING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.spi.Requester;
import io.dragonfly.task.Trust;
import io.dragonfly.transport.http.internal.reach.Proxies;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import mockwebserver3.MockResponse;
import okhttp3.Dns;
import okhttp3.HttpUrl;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Requests for the same token wait for one another, but never without end. */
class TokensTest {
  private final AtomicReference<Runnable> onTime = new AtomicReference<>(() -> {});
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private FakeRegistry service;
  private DirectCalls calls;
  private Tokens tokens;

  @BeforeEach
  void start() throws IOException {
    service = new FakeRegistry();
    service.wantTokens("abc");
    calls =
        new DirectCalls(
            new Proxies(Map.of()), new OwnAddresses(), Duration.ofSeconds(20), Dns.SYSTEM);
    tokens = tokens(Tokens.WAIT);
  }

  private Tokens tokens(Duration wait) {
    return new Tokens(calls, new Counters(), this::time, wait);
  }

  /** Each answer gets its time: something may fail there. */
  private long time() {
    onTime.get().run();
    return System.nanoTime();
  }

  @AfterEach
  void stop() {
    threads.shutdownNow();
    calls.close();
    service.close();
  }

  private Tokens.ProxyResponse get() throws IOException {
    HttpUrl url = HttpUrl.get(service.url("/token?scope=repository:x:pull"));
    return tokens.get(
        new Target(url, Trust.PLATFORM, Optional.empty(), Requester.THIS_PROCESS),
        Optional.empty());
  }

  @Test
  void afterAnErrorTheNextRequestAsksAnew() throws Exception {
    onTime.set(
        () -> {
          throw new StackOverflowError("as it happens");
        });
    assertThatThrownBy(this::get).isInstanceOf(StackOverflowError.class);
    onTime.set(() -> {});

    Future<Tokens.ProxyResponse> next = threads.submit(this::get);

    assertThat(next.get(30, TimeUnit.SECONDS).token()).contains("abc");
  }

  @Test
  void aWaitingRequestEndsWithTheOneThatFails() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch answer = new CountDownLatch(1);
    service.on(
        "/token",
        r -> {
          asked.countDown();
          await(answer);
          return new MockResponse.Builder().body("{\"token\":\"abc\"}").build();
        });
    onTime.set(
        () -> {
          throw new StackOverflowError("as it happens");
        });
    Future<Tokens.ProxyResponse> first = threads.submit(this::get);
    assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();
    AtomicReference<Thread> waiting = new AtomicReference<>();
    Future<Tokens.ProxyResponse> second =
        threads.submit(
            () -> {
              waiting.set(Thread.currentThread());
              return get();
            });
    Awaitility.await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> waiting.get() != null && waiting.get().getState() == TIMED_WAITING);

    answer.countDown();

    assertThatThrownBy(() -> first.get(30, TimeUnit.SECONDS))
        .hasCauseInstanceOf(StackOverflowError.class);
    assertThatThrownBy(() -> second.get(30, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(IOException.class);
    assertThat(service.asked("GET", "/token")).isEqualTo(1);
  }

  @Test
  void aRequestDoesNotWaitWithoutEndForAnotherOne() throws Exception {
    CountDownLatch asked = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    tokens = tokens(Duration.ofMillis(1));
    onTime.set(
        () -> {
          asked.countDown();
          await(goOn);
        });
    Future<Tokens.ProxyResponse> first = threads.submit(this::get);
    assertThat(asked.await(30, TimeUnit.SECONDS)).isTrue();

    Future<Tokens.ProxyResponse> second = threads.submit(this::get);

    assertThatThrownBy(() -> second.get(30, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(IOException.class);
    goOn.countDown();
    assertThat(first.get(30, TimeUnit.SECONDS).token()).contains("abc");
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
