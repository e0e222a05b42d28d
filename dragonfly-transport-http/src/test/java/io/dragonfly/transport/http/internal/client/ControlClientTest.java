package io.dragonfly.transport.http.internal.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.AnnounceRequest;
import io.dragonfly.control.AnnounceResponse;
import io.dragonfly.control.SupernodeApi;
import io.dragonfly.error.CallRefusedException;
import io.dragonfly.error.SupernodeUnreachableException;
import io.dragonfly.spi.TransportConfig;
import io.dragonfly.testkit.ControlExamples;
import io.dragonfly.testkit.LeakCheck;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.internal.tls.TransportTls;
import io.dragonfly.transport.http.internal.wire.ResponsesJson;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.Collections;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What calls make of supernodes of all kinds; the test plays the supernode on a raw socket. */
@ExtendWith(LeakCheck.class)
class ControlClientTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();
  private static final AnnounceRequest OFFER = ControlExamples.offerRequests().get(1);

  private static final TransportTls TLS =
      TransportTls.of(TransportConfig.builder().build(), System::nanoTime);

  private final ControlClient client = new ControlClient(TLS);
  private ServerSocket supernode;
  private SupernodeApi api;

  @BeforeEach
  void listen() throws IOException {
    supernode =
        new HandshakeCertificates.Builder()
            .heldCertificate(new HeldCertificate.Builder().ecdsa256().build())
            .build()
            .sslContext()
            .getServerSocketFactory()
            .createServerSocket(0, 50, LOOPBACK);
    supernode.setSoTimeout((int) SOON.toMillis());
    api = client.connect(new InetSocketAddress(LOOPBACK, supernode.getLocalPort()), LOOPBACK);
  }

  @AfterEach
  void close() throws IOException {
    client.close();
    supernode.close();
  }

  @Test
  void postsJsonWithTheSecretInAHeader() throws Exception {
    CompletableFuture<AnnounceResponse> call = api.announce(OFFER);
    try (RawConnection caller = new RawConnection(supernode.accept())) {
      RawConnection.Message probe = caller.read();
      byte[] json = ResponsesJson.write(ControlExamples.offerAnswers().get(0));
      caller.send("HTTP/1.1 200 OK\nContent-Length: %d\n\n".formatted(json.length)).send(json);

      assertThat(probe.first()).isEqualTo("POST /api/v2/announce HTTP/1.1");
      assertThat(probe.header("Content-Type")).startsWith("application/json");
      assertThat(probe.header("Dragonfly-Secret")).isEqualTo(OFFER.caller().secret().reveal());
      assertThat(probe.text()).doesNotContain(OFFER.caller().secret().reveal());
      assertThat(call.get(30, TimeUnit.SECONDS)).isEqualTo(ControlExamples.offerAnswers().get(0));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\'',
      textBlock =
          """
          HTTP/1.1 200 OK~Content-Length: 2~~{}                          | unreachable | terms is missing
          HTTP/1.1 200 OK~Content-Length: 5~~hello                       | unreachable | not understood
          HTTP/1.1 200 OK~Content-Length: 9~~hello                       | unreachable | cannot be reached
          HTTP/1.1 404 No~Content-Length: 6~~<html>                      | unreachable | 404
          HTTP/1.1 302 Found~Location: http://h/~Content-Length: 0~~     | unreachable | 302
          HTTP/1.1 500 Oops~Content-Length: 6~~<html>                    | unreachable | 500
          HTTP/1.1 500 Oops~Dragonfly-Reason: my log~Content-Length: 29~~{"error":{"message":"my log"}}| unreachable | my log
          HTTP/1.1 400 Bad~Dragonfly-Reason: odd~Content-Length: 0~~     | refused     | odd
          SSH-2.0-OpenSSH_9.2~~                                          | unreachable | cannot be reached
          """)
  void anyOtherAnswerIsNoAnswer(String answer, String kind, String message) throws Exception {
    CompletableFuture<AnnounceResponse> call = api.announce(OFFER);
    try (RawConnection caller = new RawConnection(supernode.accept())) {
      caller.read();
      caller.send(answer.replace('~', '\n'));
    }
    assertThat(failureOf(call))
        .isInstanceOf(
            kind.equals("refused")
                ? CallRefusedException.class
                : SupernodeUnreachableException.class)
        .hasMessageContaining(message)
        .hasMessageContaining(":" + supernode.getLocalPort());
  }

  @Test
  void anAnswerWithoutEndIsGivenUp() throws Exception {
    CompletableFuture<AnnounceResponse> call = api.announce(OFFER);
    try (RawConnection caller = new RawConnection(supernode.accept())) {
      caller.read();
      caller.send("HTTP/1.1 200 OK\n\n" + " ".repeat(5 << 20));
      assertThat(failureOf(call)).hasMessageContaining("longer than");
    } catch (IOException e) {
      assertThat(failureOf(call)).hasMessageContaining("longer than"); // it did not read all of it
    }
  }

  @Test
  void aRequestThatNoSupernodeAcceptsIsNotSent() throws Exception {
    AnnounceRequest huge =
        new AnnounceRequest(
            OFFER.caller(),
            Collections.nCopies(20_000, ControlExamples.offerRequests().get(0).holdings().get(1)));
    assertThat(failureOf(api.announce(huge)))
        .isInstanceOf(CallRefusedException.class)
        .hasMessageContaining("1048576");
  }

  @Test
  void aNameThatNobodyKnowsIsNamed() throws Exception {
    SupernodeApi lost =
        client.connect(
            InetSocketAddress.createUnresolved("supernode.invalid", 8002),
            new InetSocketAddress(0).getAddress());
    assertThat(failureOf(lost.announce(OFFER)))
        .isInstanceOf(SupernodeUnreachableException.class)
        .hasMessageContaining("supernode.invalid:8002");
  }

  @Test
  void callsFromAnAddressThatIsNotOursFail() throws Exception {
    InetAddress foreign = InetAddress.getByAddress(new byte[] {(byte) 192, 0, 2, 1});
    SupernodeApi odd =
        client.connect(new InetSocketAddress(LOOPBACK, supernode.getLocalPort()), foreign);
    assertThat(failureOf(odd.announce(OFFER)))
        .isInstanceOf(SupernodeUnreachableException.class)
        .hasMessageContaining("192.0.2.1");
  }

  @Test
  void aSupernodeThatSaysNothingIsGivenUp() throws Exception {
    Duration brief = Duration.ofMillis(200);
    try (ControlClient impatient = new ControlClient(new CallLimits(brief, brief), TLS)) {
      SupernodeApi silent =
          impatient.connect(new InetSocketAddress(LOOPBACK, supernode.getLocalPort()), LOOPBACK);
      assertThat(failureOf(silent.poll(ControlExamples.nextRequests().get(1))))
          .isInstanceOf(SupernodeUnreachableException.class)
          .hasMessageContaining("no answer in time");
      assertThat(failureOf(silent.register(ControlExamples.registerRequests().get(1))))
          .isInstanceOf(SupernodeUnreachableException.class);
    }
  }

  private static Throwable failureOf(CompletableFuture<?> call) throws Exception {
    try {
      throw new AssertionError("the call got an answer: " + call.get(30, TimeUnit.SECONDS));
    } catch (ExecutionException e) {
      assertThat(e.getCause().getMessage().lines()).hasSize(1);
      return e.getCause();
    }
  }
}
