package io.dragonfly.transport.http.internal.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.spi.Requester;
import io.dragonfly.transport.http.RawConnection;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import okhttp3.Dns;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How tunnels are opened, and what passes through them. */
class TunnelTest extends ProxyTest {
  private static final String FOUND = "GET /v2/ HTTP/1.1\nHost: x\n\n";

  private static String connect(String authority) {
    return "CONNECT " + authority + " HTTP/1.1\nHost: x\n\n";
  }

  @ParameterizedTest
  @ValueSource(strings = {"a..b:443", ".:443", "..:1", "-.-..:80", "LABEL.example:443"})
  void aHostThatCannotBeOneIsRefused(String authority) throws Exception {
    start();
    try (RawConnection raw = connect().send(connect(authority.replace("LABEL", "x".repeat(64))))) {
      RawConnection.Message answer = raw.read();
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.text()).contains("CONNECT names HOST:PORT");
      assertThat(raw.awaitClose()).isZero();
    }
  }

  @Test
  void aTunnelThatFailsInAWayThatIsNotForeseenIsAnswered() throws Exception {
    dns =
        host -> {
          throw new IllegalStateException("as it happens");
        };
    start();
    try (RawConnection raw = connect().send(connect("registry.test:443"))) {
      assertThat(raw.read().status()).isEqualTo(500);
      assertThat(raw.awaitClose()).isZero();
    }
  }

  @Test
  void theAddressesThatAreCheckedAreThoseThatAreConnectedTo() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    dns =
        host -> {
          if (asked.incrementAndGet() > 1) {
            throw new UnknownHostException("the name leads elsewhere by now");
          }
          return List.of(InetAddress.getByName("127.0.0.1"));
        };
    start();
    try (RawConnection raw =
        connect().send(connect("registry.test:" + registry.server.getPort()))) {
      assertThat(raw.read().status()).isEqualTo(200);
      assertThat(raw.send(FOUND).read().status()).isEqualTo(200);
    }
    assertThat(asked).hasValue(1);
  }

  @Test
  void anAddressOfThisMachineIsRefusedAlsoBehindOthers() throws Exception {
    dns = host -> List.of(InetAddress.getByName("192.0.2.1"), InetAddress.getByName("127.0.0.1"));
    startForOthers(config(), new FakeStreams(new byte[0], 0, null));
    try (RawConnection raw =
        connect().send(connect("registry.test:" + registry.server.getPort()))) {
      assertThat(raw.read().status()).isEqualTo(403);
    }
    assertThat(registry.requests).isEmpty();
  }

  @Test
  void theNextAddressIsTriedWhereOneFails() throws Exception {
    dns =
        host ->
            List.of(
                InetAddress.getByName("::1"), // the registry is not there
                InetAddress.getByName("127.0.0.1"));
    start();
    try (RawConnection raw =
        connect().send(connect("registry.test:" + registry.server.getPort()))) {
      assertThat(raw.read().status()).isEqualTo(200);
      assertThat(raw.send(FOUND).read().status()).isEqualTo(200);
    }
  }

  @Test
  void theNextAddressOfAFartherProxyIsTriedAsWell() throws Exception {
    start();
    int farther = address().getPort();
    dns =
        host ->
            host.equals("proxy.test")
                ? List.of(InetAddress.getByName("::1"), InetAddress.getByName("127.0.0.1"))
                : Dns.SYSTEM.lookup(host);
    try (ProxyServer near =
            ProxyServer.start(
                config().environment(Map.of("https_proxy", "http://proxy.test:" + farther)).build(),
                ProxyLimits.DEFAULT,
                new ProxyServer.Peer(new FakeStreams(new byte[0], 0, null), bytes -> 0),
                new ProxyServer.Machine(
                    client -> Requester.THIS_MACHINE,
                    host -> dns.lookup(host),
                    System::nanoTime,
                    java.time.InstantSource.system()));
        RawConnection raw = RawConnection.to(near.addresses().get(""))) {
      raw.send(connect(registry.authority()));
      assertThat(raw.read().status()).isEqualTo(200);
      assertThat(raw.send(FOUND).read().status()).isEqualTo(200);
    }
  }

  @Test
  void aFartherProxyThatEndsWithoutAnAnswerIsNotWaitedFor() throws Exception {
    try (ServerSocket farther = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String proxy = "http://127.0.0.1:" + farther.getLocalPort();
      start(config().environment(Map.of("https_proxy", proxy)));
      try (RawConnection raw = connect().send(connect("registry.test:443"));
          Socket there = farther.accept()) {
        there.shutdownOutput();

        RawConnection.Message answer = raw.read();
        assertThat(answer.status()).isEqualTo(502);
        assertThat(answer.text()).contains("it closed the connection");
      }
    }
  }

  @Test
  void bytesRightBehindConnectReachTheOtherSide() throws Exception {
    start();
    for (int i = 0; i < 20; i++) { // in one packet, or in more than one
      try (RawConnection raw = connect().send(connect(registry.authority()) + FOUND + FOUND)) {
        raw.send(FOUND);
        assertThat(raw.read().first()).contains("200 Connection established");
        for (int answer = 0; answer < 3; answer++) {
          assertThat(raw.read().text()).isEqualTo("{}");
        }
      }
    }
  }

  @Test
  void connectThatIsRefusedIsAnsweredWhateverIsBehindIt() throws Exception {
    start();
    try (RawConnection raw = connect().send(connect("127.0.0.1:1") + "\u0016\u0003\u0001 TLS")) {
      assertThat(raw.read().status()).isEqualTo(502);
      assertThat(raw.awaitClose()).isLessThanOrEqualTo(0);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"Content-Length: 3", "Transfer-Encoding: chunked"})
  void connectHasNoBody(String header) throws Exception {
    start();
    String request = "CONNECT " + registry.authority() + " HTTP/1.1\nHost: x\n" + header + "\n\n";
    try (RawConnection raw = connect().send(request)) {
      assertThat(raw.read().status()).isEqualTo(400);
    }
    assertThat(counts().tunnels()).isZero();
  }

  /** A socket that ends what it sends may still want the answer. */
  @Test
  void theOtherDirectionGoesOnWhenOneEnds() throws Exception {
    start();
    byte[] answer = new byte[4 * MIB];
    new Random(1).nextBytes(answer);
    for (boolean clientEndsFirst : new boolean[] {true, false}) {
      try (ServerSocket listening = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
          Socket client = new Socket(address().getAddress(), address().getPort())) {
        client.setSoTimeout(30_000);
        String to = "127.0.0.1:" + listening.getLocalPort();
        client.getOutputStream().write(connect(to).replace("\n", "\r\n").getBytes(US_ASCII));
        Socket server = listening.accept();
        try (server) {
          server.setSoTimeout(30_000);
          readHead(client);
          Socket first = clientEndsFirst ? client : server;
          Socket second = clientEndsFirst ? server : client;
          first.getOutputStream().write("over".getBytes(US_ASCII));
          first.shutdownOutput();

          assertThat(second.getInputStream().readAllBytes()).isEqualTo("over".getBytes(US_ASCII));
          CompletableFuture<Void> sent =
              CompletableFuture.runAsync(
                  () -> {
                    try {
                      second.getOutputStream().write(answer);
                      second.shutdownOutput();
                    } catch (IOException e) {
                      throw new java.io.UncheckedIOException(e);
                    }
                  });
          assertThat(Arrays.equals(first.getInputStream().readAllBytes(), answer)).isTrue();
          sent.get(30, TimeUnit.SECONDS);
        }
      }
    }
  }

  private static void readHead(Socket from) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    while (!head.toString(US_ASCII).endsWith("\r\n\r\n")) {
      int next = from.getInputStream().read();
      assertThat(next).isNotNegative();
      head.write(next);
    }
    assertThat(head.toString(US_ASCII)).contains(" 200 ");
  }
}
