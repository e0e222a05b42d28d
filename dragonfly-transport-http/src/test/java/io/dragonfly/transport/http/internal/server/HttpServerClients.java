package io.dragonfly.transport.http.internal.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.dragonfly.spi.MonitorService;
import io.dragonfly.spi.ServeRequest;
import io.dragonfly.transport.http.RawConnection;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What the server does with clients that are slow, silent, too many, or gone. */
abstract class HttpServerClients extends HttpServerFixture {
  private static final ServerLimits SHORT =
      new ServerLimits(
          3,
          3,
          Duration.ofMillis(300),
          Duration.ofMillis(300),
          Duration.ofMillis(300),
          10_000,
          Duration.ofMillis(50));

  /** Half a request may not last longer. */
  private static final Duration SLOW = Duration.ofSeconds(15);

  private static final Duration LONG = Duration.ofMinutes(5);

  @Test
  void anIdleConnectionIsClosed() throws IOException {
    try (HttpServer impatient = serve(limits(Duration.ofSeconds(1), LONG, LONG))) {
      RawConnection silent = connect(impatient);
      RawConnection served = connect(impatient).send(get(TASK, "bytes=0-9"));
      assertThat(served.read().status()).isEqualTo(206);
      assertThat(silent.awaitClose()).isZero();
      assertThat(served.awaitClose()).isZero();
    }
  }

  @Test
  void aRequestThatIsNeverWholeIsGivenUp() throws IOException {
    try (HttpServer impatient = serve(limits(LONG, Duration.ofMillis(200), LONG))) {
      RawConnection head = connect(impatient).send("GET /api/v2/ta");
      RawConnection body =
          connect(impatient).send(post("/api/v2/announce", offer()).substring(0, 150));
      assertThat(head.awaitClose()).isZero();
      assertThat(body.awaitClose()).isZero();
    }
  }

  @Test
  void bytesThatTrickleInGainNoTime() throws IOException {
    try (HttpServer impatient = serve(limits(LONG, Duration.ofMillis(300), LONG))) {
      RawConnection slow = connect(impatient).send("GET /api/v2/tasks/");
      await().atMost(SOON).until(() -> isClosedAfterOneMore(slow));
    }
    ServerLimits limits = ServerLimits.DEFAULT;
    assertThat(limits.request().plus(limits.checkEvery())).isLessThanOrEqualTo(SLOW);
  }

  private static boolean isClosedAfterOneMore(RawConnection slow) {
    try {
      slow.send("a");
      return false;
    } catch (IOException e) {
      return true;
    }
  }

  private Serving serving(int connections, double share) {
    return new Serving(
        new ServeRequest(server.address(), pieces, from -> null),
        new ServerLimits(connections, share, LONG, LONG, LONG, 1, LONG),
        System::nanoTime);
  }

  private static boolean isServed(Serving serving, String ip) throws IOException {
    return serving.enter(InetAddress.getByName(ip)) == Serving.Entry.SERVED;
  }

  @Test
  void oneMachineCannotTakeAllPlaces() throws Exception {
    Serving serving = serving(5, 0.4);
    assertThat(isServed(serving, "192.0.2.1")).isTrue();
    assertThat(isServed(serving, "192.0.2.1")).isTrue();
    assertThat(serving.enter(InetAddress.getByName("192.0.2.1"))).isEqualTo(Serving.Entry.TOLD);
    assertThat(serving.enter(InetAddress.getByName("192.0.2.1"))).isEqualTo(Serving.Entry.CLOSED);
    assertThat(isServed(serving, "192.0.2.2")).isTrue();

    serving.leave(InetAddress.getByName("192.0.2.1"), Serving.Entry.TOLD);
    assertThat(serving.enter(InetAddress.getByName("192.0.2.1"))).isEqualTo(Serving.Entry.TOLD);
    serving.leave(InetAddress.getByName("192.0.2.1"), Serving.Entry.SERVED);
    assertThat(isServed(serving, "192.0.2.1")).isTrue();
    assertThat(isServed(serving, "2001:db8::1")).isTrue();
    assertThat(isServed(serving, "2001:db8::2")).isTrue();
    assertThat(isServed(serving, "127.0.0.1")).isFalse(); // five in all

    serving.leave(InetAddress.getByName("2001:db8::1"), Serving.Entry.SERVED);
    assertThat(isServed(serving, "2001:db8:0:1::2")).isTrue();
  }

  @Test
  void aThirdFromOneNetworkOfIpv6IsRefused() throws Exception {
    Serving serving = serving(50, 0.04);
    for (int i = 1; i <= 3; i++) {
      assertThat(isServed(serving, "2001:db8::" + i)).isEqualTo(i < 3);
    }
    for (int i = 1; i <= 9; i++) {
      assertThat(isServed(serving, "127.0.0.1")).isTrue();
    }
  }

  @Test
  void aClientThatReadsNothingIsGivenUp() throws IOException {
    pieces.put(LARGE_TASK, new byte[LARGE]);
    try (HttpServer impatient = serve(limits(LONG, LONG, Duration.ofMillis(200)))) {
      RawConnection lazy = connect(impatient).send(get(LARGE_TASK, "bytes=0-" + (LARGE - 1)));
      assertThat(lazy.readHead().status()).isEqualTo(206);
      await().atMost(SOON).until(() -> pieces.openRegions() == 0);
      assertThat(lazy.awaitClose()).isLessThan(LARGE);
    }
  }

  @Test
  void aLongPageIsReadAsSlowlyAsTheClientLikes() throws IOException {
    int length = 24 << 20; // more than sockets buffer
    ServerLimits limits = limits(LONG, LONG, Duration.ofSeconds(1));
    try (HttpServer impatient = serve(new LongPage("x".repeat(length)), limits)) {
      RawConnection slow = connect(impatient).send("GET /metrics HTTP/1.1\nHost: h\n\n");
      assertThat(slow.readHead().status()).isEqualTo(200);
      AtomicInteger read = new AtomicInteger();
      await()
          .pollInterval(Duration.ofMillis(50)) // several seconds in all
          .atMost(Duration.ofMinutes(1))
          .until(
              () ->
                  read.addAndGet(slow.read(Math.min(512 << 10, length - read.get())).length)
                      == length);
    }
  }

  /** A process whose page of metrics is this text. */
  private record LongPage(String text) implements MonitorService {
    @Override
    public boolean isReady() {
      return true;
    }

    @Override
    public boolean mayReadMetrics(InetAddress from, String token) {
      return true;
    }

    @Override
    public Optional<CompletableFuture<String>> metrics() {
      return Optional.of(CompletableFuture.completedFuture(text));
    }
  }

  @Test
  void whoWaitsForTheServerIsNotGivenUp() throws IOException {
    try (HttpServer impatient = serve(SHORT)) {
      pieces.hold();
      RawConnection child = connect(impatient).send(get(TASK, "bytes=0-9"));
      RawConnection caller = connect(impatient).send(post("/api/v2/poll", next()));
      RawConnection silent = connect(impatient);
      assertThat(silent.awaitClose()).isZero(); // by now both have waited for longer than any limit
      assertThat(silent.awaitClose()).isZero();

      pieces.release();
      answerCalls();

      assertThat(child.read().status()).isEqualTo(206);
      assertThat(caller.read().status()).isEqualTo(500);
    }
  }

  private void answerCalls() {
    await().atMost(SOON).until(() -> callCount() == 1);
    synchronized (calls) {
      calls.get(0).completeExceptionally(new IllegalStateException("a defect"));
    }
  }

  private int callCount() {
    synchronized (calls) {
      return calls.size();
    }
  }

  @Test
  void moreConnectionsThanAllowedAreToldSoAndMoreThanThatAreClosed() throws IOException {
    ServerLimits three = new ServerLimits(3, 3, LONG, LONG, LONG, 1 << 20, Duration.ofMillis(50));
    try (HttpServer small = serve(three)) {
      RawConnection first = connect(small);
      for (RawConnection each : new RawConnection[] {first, connect(small), connect(small)}) {
        assertThat(each.send(get(TASK, "bytes=0-9")).read().status()).isEqualTo(206);
      }
      RawConnection fourth = connect(small);
      assertThat(connect(small).awaitClose()).isLessThanOrEqualTo(0);
      RawConnection.Message told = fourth.send(get(TASK, "bytes=0-9")).read();
      assertThat(told.status()).isEqualTo(503);
      assertThat(told.header("retry-after")).isEqualTo("1");
      assertThat(told.text()).contains("\"kind\":\"BUSY\"", "too many connections");
      assertThat(fourth.awaitClose()).isZero();

      first.close();

      await().atMost(SOON).until(() -> isServed(connect(small)));
    }
  }

  private static boolean isServed(RawConnection connection) {
    try {
      return connection.send(get(TASK, "bytes=0-9")).read().status() == 206;
    } catch (IOException e) {
      return false; // the place is not free yet
    }
  }

  @Test
  void unfinishedBodiesOfAllClientsHaveABound() throws IOException {
    ServerLimits small =
        new ServerLimits(100, 100, LONG, LONG, LONG, 10_000, Duration.ofMillis(50));
    try (HttpServer narrow = serve(small)) {
      String head =
          post("/api/v2/announce", "").replace("Content-Length: 0", "Content-Length: 9000");
      RawConnection first = connect(narrow).send(head + "x".repeat(8_000));
      RawConnection second = connect(narrow).send(head + "x".repeat(8_000));
      RawConnection.Message refused = first.send("x".repeat(1_000)).read();
      assertThat(refused.status()).isIn(400, 503);
      assertThat(second.send("x".repeat(1_000)).read().status()).isIn(400, 503);
      // What was held is given back: a small one passes.
      assertThat(connect(narrow).send(post("/api/v2/announce", offer())).read().status())
          .isEqualTo(200);
    }
  }

  @Test
  void aClientThatLeavesGivesUpItsPlaces() throws IOException {
    pieces.put(LARGE_TASK, new byte[LARGE]);
    RawConnection reading = connect().send(get(LARGE_TASK, "bytes=0-" + (LARGE - 1)));
    reading.readHead();
    pieces.hold();
    RawConnection taking = connect().send(get(TASK, "bytes=0-9"));
    RawConnection calling = connect().send(post("/api/v2/poll", next()));
    await().atMost(SOON).until(() -> pieces.waiting() == 1 && callCount() == 1);

    reading.close();
    taking.close();
    calling.close();

    await().atMost(SOON).until(() -> pieces.openRegions() == 0 && pieces.waiting() == 0);
    await()
        .atMost(SOON)
        .until(
            () -> {
              synchronized (calls) {
                return calls.get(0).isCancelled();
              }
            });
  }

  private static ServerLimits limits(Duration idle, Duration request, Duration send) {
    return new ServerLimits(100, 100, idle, request, send, 1 << 20, Duration.ofMillis(50));
  }
}
