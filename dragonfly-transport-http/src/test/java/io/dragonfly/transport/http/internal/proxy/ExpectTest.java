package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.transport.http.RawConnection;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.OptionalLong;
import okio.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A client that asks first whether its body is wanted: the registry decides, not the proxy. */
class ExpectTest extends ProxyTest {
  private ServerSocket there;

  @BeforeEach
  void listen() throws IOException {
    there = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
    there.setSoTimeout(30_000);
  }

  @AfterEach
  void stopListening() throws IOException {
    there.close();
  }

  private RawConnection put(String length) throws IOException {
    return connect()
        .send(
            "PUT http://127.0.0.1:%d/x HTTP/1.1\nHost: x\n%s\nExpect: 100-continue\n\n"
                .formatted(there.getLocalPort(), length));
  }

  private RawConnection accept() throws IOException {
    return new RawConnection(there.accept());
  }

  @Test
  void aRefusalCostsNoUpload() throws Exception {
    start();
    for (int status : new int[] {401, 413}) {
      try (RawConnection client = put("Content-Length: 1000000");
          RawConnection server = accept()) {
        assertThat(server.readHead().header("Expect")).isEqualTo("100-continue");
        server.send("HTTP/1.1 " + status + " No\nContent-Length: 4\n\nnono");

        RawConnection.Message answer = client.read(); // and no 100 before
        assertThat(answer.status()).isEqualTo(status);
        assertThat(answer.text()).isEqualTo("nono");
        assertThat(answer.header("Connection")).isEqualTo("close");
        assertThat(client.awaitClose()).isZero();
        assertThat(server.awaitClose()).isLessThanOrEqualTo(0);
      }
    }
  }

  @Test
  void theBodyComesWhenTheRegistryWantsIt() throws Exception {
    start();
    try (RawConnection client = put("Transfer-Encoding: chunked");
        RawConnection server = accept()) {
      assertThat(server.readHead().header("Expect")).isEqualTo("100-continue");
      server.send("HTTP/1.1 100 Continue\n\n");
      assertThat(client.readHead().first()).startsWith("HTTP/1.1 100");
      client.send("5\nhello\n").send("0\n\n");
      assertThat(new String(server.read(10))).isEqualTo("5\r\nhello\r\n");
      server.send("HTTP/1.1 201 Created\nContent-Length: 0\n\n");

      RawConnection.Message answer = client.read();
      assertThat(answer.status()).isEqualTo(201);
      assertThat(answer.header("Connection")).isEmpty();
      assertThat(client.send("GET /healthz HTTP/1.1\nHost: localhost\n\n").read().status())
          .isEqualTo(200);
    }
  }

  @Test
  void aClientThatDoesNotWaitIsServedAsWell() throws Exception {
    start();
    try (RawConnection client = put("Content-Length: 5").send("hello");
        RawConnection server = accept()) {
      assertThat(server.readHead().header("Expect")).isEqualTo("100-continue");
      server.send("HTTP/1.1 100 Continue\n\n");
      assertThat(new String(server.read(5))).isEqualTo("hello");
      server.send("HTTP/1.1 201 Created\nContent-Length: 0\n\n");

      RawConnection.Message answer = client.readHead();
      if (answer.status() == 100) { // if its body was late
        answer = client.read();
      }
      assertThat(answer.status()).isEqualTo(201);
    }
  }

  @Test
  void whatIsDecidedStaysSo() throws Exception {
    Inbound empty = new Inbound(OptionalLong.of(0), true, () -> {}, () -> {});
    empty.end();
    InboundBody late = new InboundBody(empty, Duration.ofSeconds(1));
    assertThat(late.giveUp()).isTrue();
    assertThat(late.isLate()).isTrue();
    assertThat(late.decide()).isFalse();
    assertThatThrownBy(() -> late.writeTo(new Buffer())).isInstanceOf(IOException.class);

    InboundBody sent = new InboundBody(empty, Duration.ofSeconds(1));
    sent.writeTo(new Buffer());
    assertThat(sent.giveUp()).isFalse();
    assertThat(sent.decide()).isTrue();
  }

  /** Its answer may take long, but not what says whether the body is wanted. */
  @Test
  void aRegistryThatDoesNotKnowTheQuestionGetsTheBody() throws Exception {
    start(config().answerTimeout(Duration.ofMinutes(10)));
    try (RawConnection client = put("Content-Length: 5");
        RawConnection silent = accept()) {
      assertThat(silent.readHead().header("Expect")).isEqualTo("100-continue");
      try (RawConnection server = accept()) {
        assertThat(client.readHead().first()).startsWith("HTTP/1.1 100");
        client.send("hello");
        assertThat(server.readHead().header("Expect")).isEmpty();
        assertThat(new String(server.read(5))).isEqualTo("hello");
        server.send("HTTP/1.1 201 Created\nContent-Length: 0\n\n");
        assertThat(client.read().status()).isEqualTo(201);
      }
    }
  }
}
