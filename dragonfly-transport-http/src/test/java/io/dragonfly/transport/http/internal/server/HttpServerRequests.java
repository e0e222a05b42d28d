package io.dragonfly.transport.http.internal.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.control.Outcome;
import io.dragonfly.spi.MonitorService;
import io.dragonfly.spi.PieceDownloadException;
import io.dragonfly.transport.http.RawConnection;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How the server answers requests, right and wrong. */
abstract class HttpServerRequests extends HttpServerFixture {
  @Test
  void aRangeComesWithItsExactHead() throws IOException {
    RawConnection.Message answer = connect().send(get(TASK, "bytes=10-19")).read();
    assertThat(answer.status()).isEqualTo(206);
    assertThat(answer.header("Content-Range")).isEqualTo("bytes 10-19/1000000");
    assertThat(answer.header("Content-Length")).isEqualTo("10");
    assertThat(answer.body()).isEqualTo(Arrays.copyOfRange(content, 10, 20));
  }

  @Test
  void anUnknownTotalIsAStar() throws IOException {
    pieces.put(TASK, content, OptionalLong.empty());
    RawConnection.Message answer = connect().send(get(TASK, "bytes=0-0")).read();
    assertThat(answer.header("Content-Range")).isEqualTo("bytes 0-0/*");
  }

  @Test
  void aConnectionServesOneRequestAfterTheOther() throws IOException {
    RawConnection connection = connect();
    for (int i = 0; i < 10; i++) {
      assertThat(connection.send(get(TASK, "bytes=0-999999")).read().body()).isEqualTo(content);
      assertThat(connection.send(post("/api/v2/announce", offer())).read().status()).isEqualTo(200);
    }
  }

  @Test
  void requestsSentAheadAreAnsweredInOrder() throws IOException {
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < 50; i++) {
      all.append(get(TASK, "bytes=%d-%d".formatted(i, i + 5000)));
      all.append(post("/api/v2/announce", offer()));
    }
    RawConnection connection = connect().send(all.toString());
    for (int i = 0; i < 50; i++) {
      assertThat(connection.read().body()).isEqualTo(Arrays.copyOfRange(content, i, i + 5001));
      assertThat(connection.read().text()).contains("terms");
    }
  }

  @Test
  void refusalsSayWhyAndKeepTheConnection() throws IOException {
    RawConnection connection = connect();
    pieces.refuse(new PieceDownloadException(Outcome.NOT_YET, "others\r\nfirst \u00e9"));
    RawConnection.Message later = connection.send(get(TASK, "bytes=0-9")).read();
    pieces.refuse(new PieceDownloadException(Outcome.REFUSED, "no"));
    RawConnection.Message never = connection.send(get(TASK, "bytes=0-9")).read();
    assertThat(later.status()).isEqualTo(503);
    assertThat(later.header("Dragonfly-Reason")).isEqualTo("others  first ?");
    assertThat(later.header("Retry-After")).isEqualTo("1");
    assertThat(never.status()).isEqualTo(403);
    assertThat(never.header("Dragonfly-Reason")).isEqualTo("no");
    assertThat(connection.send(post("/api/v2/announce", offer())).read().status()).isEqualTo(200);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bytes=1-",
        "bytes=-5",
        "bytes=5-1",
        "bytes=0-1,4-5",
        "bytes=0-99999999999999999999",
        "lines=0-1",
        ""
      })
  void otherRangesAreBadRequests(String range) throws IOException {
    refused(400, get(TASK, range));
  }

  @Test
  void aRangeIsNeededOnce() throws IOException {
    String path = "/api/v2/tasks/" + TASK.hex() + "/data";
    refused(
        400, "GET %s HTTP/1.1\nHost: h\nDragonfly-Taker: %s\n\n".formatted(path, "02".repeat(16)));
    refused(400, get(TASK, "bytes=0-1", "Range: bytes=0-1"));
  }

  @Test
  void theTakerIsAnId() throws IOException {
    refused(
        400,
        "GET /api/v2/tasks/%s/data HTTP/1.1\nHost: h\nRange: bytes=0-1\nDragonfly-Taker: me\n\n"
            .formatted(TASK.hex()));
  }

  @Test
  void otherPathsAndMethodsAreRefused() throws IOException {
    refused(404, "GET / HTTP/1.1\nHost: h\n\n");
    refused(404, "GET /api/v2/tasks/../../etc/passwd/data HTTP/1.1\nHost: h\n\n");
    refused(404, "POST /api/v2/registers HTTP/1.1\nHost: h\nContent-Length: 0\n\n");
    assertThat(refused(405, "GET /api/v2/poll HTTP/1.1\nHost: h\n\n").header("Allow"))
        .isEqualTo("POST");
    assertThat(refused(405, get(TASK, "bytes=0-1").replace("GET", "PUT")).header("Allow"))
        .isEqualTo("GET");
    refused(400, get(TASK, "bytes=0-1", "Content-Length: 3") + "abc");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Transfer-Encoding: chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding:\tchunked",
        "transfer-encoding: xchunked"
      })
  void everyTransferEncodingIsRefused(String header) throws IOException {
    RawConnection connection =
        connect().send("POST /api/v2/announce HTTP/1.1\nHost: h\n%s\n\n0\n\n".formatted(header));
    assertThat(connection.read().status()).isIn(400, 411);
    connection.awaitClose();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: 5\nContent-Length: 5",
        "Content-Length: 5\nContent-Length: 6",
        "Content-Length: 5, 6",
        "Content-Length: +5",
        "Content-Length: -5",
        "Content-Length: five",
        "Content-Length: 99999999999999999999",
        "Content-Length : 5",
        "Content-Length: 5\nHost: other",
        "\u0000: x"
      })
  void headsThatTwoReadersReadDifferentlyAreRefused(String headers) throws IOException {
    refused(400, "POST /api/v2/announce HTTP/1.1\nHost: h\n%s\n\nabcde".formatted(headers));
  }

  @Test
  void lengthAndTransferEncodingTogetherAreRefused() throws IOException {
    RawConnection connection =
        connect()
            .send(
                "POST /api/v2/announce HTTP/1.1\nHost: h\nContent-Length: 4\n"
                    + "Transfer-Encoding: chunked\n\n0\n\n"
                    + get(TASK, "bytes=0-1"));
    assertThat(connection.read().status()).isBetween(400, 411);
    assertThat(connection.awaitClose()).isLessThanOrEqualTo(0); // what follows is no request
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET / HTTP/1.1\n\n",
        "GET / HTTP/2.0\nHost: h\n\n",
        "GET / HTTP/9\nHost: h\n\n",
        "GET /\n\n",
        "nonsense\n\n",
        "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003 hello tls\n\n"
      })
  void whatIsNoRequestIsRefused(String text) throws IOException {
    RawConnection connection = connect().send(text);
    assertThat(connection.read().status()).isIn(400, 505);
    connection.awaitClose();
  }

  @Test
  void headsHaveBounds() throws IOException {
    refusedOneOf("GET /" + "a".repeat(5_000) + " HTTP/1.1\nHost: h\n\n");
    refusedOneOf("GET / HTTP/1.1\nHost: h\nX: " + "a".repeat(20_000) + "\n\n");
    refusedOneOf("GET / HTTP/1.1\nHost: h\n" + "X: a\n".repeat(5_000) + "\n");
  }

  @Test
  void bodiesHaveBounds() throws IOException {
    refused(413, "POST /api/v2/announce HTTP/1.1\nHost: h\nContent-Length: 1048577\n\n");
    refused(411, "POST /api/v2/announce HTTP/1.1\nHost: h\n\n");
  }

  @Test
  void badJsonIsABadRequestAndKeepsTheConnection() throws IOException {
    RawConnection connection = connect();
    for (String json : new String[] {"", "x", "[]", "{}", "{\"peer\":1}", "\u0000"}) {
      RawConnection.Message answer = connection.send(post("/api/v2/announce", json)).read();
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.text().lines()).hasSize(1);
    }
    RawConnection.Message answer =
        connection.send(post("/api/v2/announce", offer()).replace(SECRET, "short")).read();
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.text()).contains("secret").doesNotContain("short");
  }

  @Test
  void aDefectIsNotShownToClients() throws IOException {
    RawConnection.Message answer = connect().send(post("/api/v2/leave", offer())).read();
    assertThat(answer.status()).isEqualTo(500);
    assertThat(answer.text()).doesNotContain("defect").doesNotContain("Exception");
  }

  @Test
  void whoExpectsContinueIsToldToGoOn() throws IOException {
    String request = post("/api/v2/announce", offer(), "Expect: 100-continue");
    int body = request.indexOf("\n\n") + 2;
    RawConnection connection = connect().send(request.substring(0, body));
    assertThat(connection.read().status()).isEqualTo(100);
    assertThat(connection.send(request.substring(body)).read().status()).isEqualTo(200);
    assertThat(connection.send(get(TASK, "bytes=0-9")).read().status()).isEqualTo(206);
  }

  @Test
  void whoWantsToCloseIsClosed() throws IOException {
    RawConnection connection = connect().send(get(TASK, "bytes=0-999999", "Connection: close"));
    RawConnection.Message answer = connection.read();
    assertThat(answer.header("Connection")).isEqualTo("close");
    assertThat(answer.body()).isEqualTo(content);
    assertThat(connection.awaitClose()).isZero();
    RawConnection old = connect().send(get(TASK, "bytes=0-9").replace("HTTP/1.1", "HTTP/1.0"));
    assertThat(old.read().body()).hasSize(10);
    assertThat(old.awaitClose()).isZero();
  }

  /** A process that lives, and is ready when the test says so. */
  private record Readiness(AtomicBoolean ready) implements MonitorService {
    @Override
    public boolean isReady() {
      return ready.get();
    }

    @Override
    public boolean mayReadMetrics(InetAddress from, String token) {
      return false;
    }

    @Override
    public Optional<CompletableFuture<String>> metrics() {
      return Optional.empty();
    }
  }

  @Test
  void whoIsNotReadyLivesAllTheSame() throws IOException {
    AtomicBoolean ready = new AtomicBoolean();
    try (HttpServer monitored = serve(new Readiness(ready))) {
      RawConnection connection = connect(monitored);
      RawConnection.Message no = connection.send("GET /readyz HTTP/1.1\nHost: h\n\n").read();
      assertThat(no.status()).isEqualTo(503);
      assertThat(no.text()).contains("not ready");
      assertThat(connection.send("GET /healthz HTTP/1.1\nHost: h\n\n").read().status())
          .isEqualTo(200);

      ready.set(true);

      RawConnection.Message yes = connection.send("GET /readyz HTTP/1.1\nHost: h\n\n").read();
      assertThat(yes.status()).isEqualTo(200);
      assertThat(yes.text()).contains("ready").doesNotContain("not");
    }
  }

  /** Sends a request that must be refused with a status, in one line, and the connection closed. */
  private RawConnection.Message refused(int status, String request) throws IOException {
    RawConnection connection = connect().send(request);
    RawConnection.Message answer = connection.read();
    assertThat(answer.status()).as(answer.text()).isEqualTo(status);
    assertThat(answer.text().lines()).hasSize(1);
    assertThat(answer.text()).doesNotContain("Exception").doesNotContain("\tat ");
    connection.awaitClose();
    return answer;
  }

  private void refusedOneOf(String request) throws IOException {
    RawConnection connection = connect().send(request);
    assertThat(connection.read().status()).isIn(400, 414, 431);
    connection.awaitClose();
  }
}
