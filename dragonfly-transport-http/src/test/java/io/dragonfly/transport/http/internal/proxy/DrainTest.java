package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.transport.http.RawConnection;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

/** What a proxy does for its clients when it is to end. */
class DrainTest extends ProxyTest {
  private static final Duration LONG = Duration.ofSeconds(60);

  private final byte[] blob = FakeRegistry.bytes(2 * MIB, 1);
  private final HeldBody half = new HeldBody(blob, 600_000);

  private static String get(String path) {
    return "GET " + path + " HTTP/1.1\nHost: localhost\n\n";
  }

  private String heldBlob() {
    String path = registry.blob(blob);
    registry.on(
        path,
        r ->
            r.getHeaders().get("Range") == null
                ? new MockResponse.Builder().body(half).build()
                : null);
    return path;
  }

  private void awaitNoListener(InetSocketAddress address) {
    Awaitility.await()
        .atMost(LONG)
        .until(
            () -> {
              try (Socket open = new Socket(address.getAddress(), address.getPort())) {
                return !open.isConnected();
              } catch (ConnectException e) {
                return true;
              }
            });
  }

  @Test
  void anAnswerThatRunsIsSentToItsEndWhileAnotherProxyHasThePort() throws Exception {
    String path = heldBlob();
    start();
    InetSocketAddress address = address();
    try (ProxyServer ending = proxy;
        RawConnection engine = connect().send(get(path));
        RawConnection idle = connect().send(get("/healthz"))) {
      assertThat(idle.read().status()).isEqualTo(200);
      assertThat(engine.readHead().header("Content-Length")).isEqualTo("" + blob.length);
      byte[] first = engine.read(300_000);

      CompletableFuture<Integer> drained = CompletableFuture.supplyAsync(() -> ending.drain(LONG));
      awaitNoListener(address);
      assertThat(idle.awaitClose()).isZero();
      start(config().listen(address), ProxyLimits.DEFAULT, new FakeStreams(blob, 0, null));
      assertThat(FakeRegistry.text(body("/healthz"))).isEqualTo("ok\n");
      assertThat(drained).isNotDone();
      half.rest().countDown();

      assertThat(engine.read(blob.length - 300_000))
          .isEqualTo(Arrays.copyOfRange(blob, first.length, blob.length));
      assertThat(engine.awaitClose()).isZero();
      assertThat(drained).succeedsWithin(60, TimeUnit.SECONDS).isEqualTo(0);
    } finally {
      half.rest().countDown();
    }
  }

  @Test
  void whatDoesNotEndInTimeIsCutAndGoesOnByRangeAtTheNextProxy() throws Exception {
    String path = heldBlob();
    start();
    try (RawConnection engine = connect().send(get(path))) {
      engine.readHead();
      byte[] first = engine.read(300_000);

      assertThat(proxy.drain(Duration.ofMillis(50))).isEqualTo(1);
      proxy.close();
      long more = engine.awaitClose();
      assertThat(first.length + Math.max(0, more)).isLessThan(blob.length);
    } finally {
      half.rest().countDown();
    }
    start(config(), ProxyLimits.DEFAULT, new FakeStreams(blob, blob.length, null));

    assertThat(body(path, "Range", "bytes=300000-"))
        .isEqualTo(Arrays.copyOfRange(blob, 300_000, blob.length));
  }

  @Test
  void aTunnelWithoutTrafficHoldsItUpForSecondsAlone() throws Exception {
    start(
        config(),
        new ProxyLimits(LONG, LONG, LONG, LONG, Duration.ofHours(1), Duration.ofMillis(50)),
        new FakeStreams(blob, 0, null));
    String to = "127.0.0.1:" + registry.server.getPort();
    try (RawConnection tunnel =
        connect().send("CONNECT " + to + " HTTP/1.1\nHost: " + to + "\n\n")) {
      assertThat(tunnel.read().status()).isEqualTo(200);

      assertThat(proxy.drain(LONG)).isZero();

      assertThat(tunnel.awaitClose()).isLessThanOrEqualTo(0);
    }
  }

  @Test
  void aRequestOfWhichSomeHasComeIsAnswered() throws Exception {
    start();
    InetSocketAddress address = address();
    try (RawConnection engine = connect().send("GET /healthz HTTP/1.1\nHost: loc")) {
      Awaitility.await().atMost(LONG).until(() -> proxy.drain(Duration.ZERO) == 1);

      CompletableFuture<Integer> drained = CompletableFuture.supplyAsync(() -> proxy.drain(LONG));
      awaitNoListener(address);
      assertThat(drained).isNotDone();
      engine.send("alhost\n\n");

      assertThat(engine.read().status()).isEqualTo(200);
      assertThat(engine.awaitClose()).isLessThanOrEqualTo(0);
      assertThat(drained).succeedsWithin(60, TimeUnit.SECONDS).isEqualTo(0);
    }
  }

  @Test
  void withoutTimeNothingIsWaitedFor() throws Exception {
    start();

    assertThat(proxy.drain(Duration.ZERO)).isZero();

    assertThat(FakeRegistry.text(body("/healthz"))).isEqualTo("ok\n");
  }

  /** Some of what was written waits in this process for a client that reads slowly. */
  @Test
  void aConnectionThatEndsWithItsAnswerHasAllOfItSent() throws Exception {
    byte[] large = FakeRegistry.bytes(24 * MIB, 2);
    String path = registry.blob(large);
    start(config(), ProxyLimits.DEFAULT, new FakeStreams(large, large.length, null));
    try (Socket socket = new Socket()) {
      socket.setReceiveBufferSize(16 << 10); // so that little is on its way
      socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), address().getPort()));
      RawConnection engine =
          new RawConnection(socket)
              .send("GET " + path + " HTTP/1.1\nHost: localhost\nConnection: close\n\n");

      assertThat(engine.readHead().header("Connection")).isEqualTo("close");
      assertThat(FakeRegistry.digest(engine.read(large.length)))
          .isEqualTo(FakeRegistry.digest(large));
      assertThat(engine.awaitClose()).isZero();
    }
  }
}
