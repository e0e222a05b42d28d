package io.dragonfly.transport.http.internal.server;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.dragonfly.transport.http.RawConnection;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/**
 * What strangers send who want in, or the server down: they are refused or hung up on, the log says
 * nothing about it, and the next honest request is served.
 */
abstract class HttpServerAttacks extends HttpServerFixture {
  private static final long SEED = 20261127;

  private final ListAppender<ILoggingEvent> logged = new ListAppender<>();
  private final Logger logger = (Logger) LoggerFactory.getLogger("io.dragonfly.transport");

  @BeforeEach
  void listen() {
    logged.start();
    logger.addAppender(logged);
  }

  @AfterEach
  void nothingWasLoggedAndTheServerServes() throws IOException {
    logger.detachAppender(logged);
    assertThat(logged.list).noneMatch(event -> event.getLevel().isGreaterOrEqual(Level.WARN));
    assertThat(connect().send(get(TASK, "bytes=0-9")).read().status()).isEqualTo(206);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/api/v2/tasks/../../../../etc/passwd",
        "/api/v2/tasks/..%2f..%2f..%2fetc%2fpasswd/data",
        "/api/v2/tasks/%2e%2e/%2e%2e/data",
        "/api/v2/tasks/..\\..\\windows/data",
        "/api/v2/tasks/%00/data",
        "/api/v2/tasks/abc%00def/data",
        "/api/v2/tasks//data",
        "/api/v2/tasks/ABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB/data",
        "//etc/passwd",
        "file:///etc/passwd",
        "http://other/api/v2/announce",
        "*"
      })
  void noPathIsAFile(String path) throws IOException {
    assertRefused("GET " + path + " HTTP/1.1\nHost: h\n\n");
  }

  @Test
  void idsHaveOneLength() throws IOException {
    for (int length : new int[] {1, 63, 65, 128, 3_000}) {
      assertRefused(
          "GET /api/v2/tasks/%s/data HTTP/1.1\nHost: h\n\n".formatted("a".repeat(length)));
    }
    assertRefused(get(TASK, "bytes=0-9").replace("02".repeat(16), "02".repeat(4_000)));
  }

  @Test
  void aNulIsNowhereInARequest() throws IOException {
    assertRefused("GET /api/v2/tasks/\0/data HTTP/1.1\nHost: h\n\n");
    assertRefused(get(TASK, "bytes=0-9").replace("Host: h", "Host: h\0"));
    assertRefused(get(TASK, "bytes=\0-9"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "bytes=-9223372036854775808--1",
        "bytes=0-9223372036854775807",
        "bytes=9223372036854775807-9223372036854775807",
        "bytes=18446744073709551615-18446744073709551616",
        "bytes=9-0",
        "bytes=0x0-0x9",
        "bytes=0-9,0-9,0-9",
        "bytes=\u0660-\u0669"
      })
  void noRangeIsWrittenSo(String range) throws IOException {
    RawConnection.Message answer = connect().send(get(TASK, range)).read();
    assertThat(answer.status()).isIn(400, 403);
  }

  @Test
  void fiftyMegabytesAreNotRead() throws IOException {
    String head = "POST /api/v2/register HTTP/1.1\nHost: h\nContent-Length: 52428800\n\n";
    RawConnection connection = connect().send(head);
    try {
      for (int i = 0; i < 50; i++) {
        connection.send("[".repeat(1 << 20));
      }
    } catch (IOException e) {
      return; // hung up on before all was sent
    }
    assertThat(connection.read().status()).isEqualTo(413);
  }

  static List<String> badJson() {
    return List.of(
        "[".repeat(500_000),
        "{\"peer\":".repeat(50_000),
        "{\"holdings\":" + "[".repeat(100_000) + "]".repeat(100_000) + "}",
        "{\"patience\": 1e999999999}",
        "{\"patience\": " + "9".repeat(100_000) + "}",
        "{\"peer\": [], \"holdings\": {}, \"patience\": \"soon\", \"reports\": 7}",
        "{\"peer\": {\"ip\": 5, \"port\": \"x\", \"zone\": []}}",
        "\"" + "\\u0000".repeat(50_000) + "\"",
        "\ud800",
        "null",
        "-0",
        "{\"a\":1,\"a\":1}");
  }

  @ParameterizedTest
  @MethodSource("badJson")
  void noJsonIsTooBadForAnAnswer(String json) throws IOException {
    for (String call : List.of("register", "announce", "poll", "leave")) {
      RawConnection.Message answer = connect().send(post("/api/v2/" + call, json)).read();
      assertThat(answer.status()).as("%s of %.40s", call, json).isEqualTo(400);
      assertThat(answer.text().lines()).hasSize(1);
      assertThat(answer.text()).doesNotContain("Exception").hasSizeLessThan(1_000);
    }
  }

  /** Seeded, and bounded by its count: 300 requests with some of their bytes changed. */
  @Test
  void whateverIsChangedInARequestNothingBreaks() throws IOException {
    Random random = new Random(SEED);
    Duration brief = Duration.ofMillis(300);
    ServerLimits limits =
        new ServerLimits(100, 100, brief, brief, brief, 1 << 20, Duration.ofMillis(50));
    HttpServer impatient = serve(limits);
    int answered = 0;
    String[] honest = {get(TASK, "bytes=0-9", "X: y"), post("/api/v2/announce", offer())};
    for (int i = 0; i < 300; i++) {
      byte[] bytes = honest[i % 2].replace("\n", "\r\n").getBytes(StandardCharsets.ISO_8859_1);
      for (int change = 0; change <= random.nextInt(4); change++) {
        bytes[random.nextInt(bytes.length)] = (byte) random.nextInt();
      }
      try (RawConnection connection = RawConnection.to(impatient.address())) {
        connection.send(bytes).send("\n\n" + "x".repeat(20_000)); // what makes most of them whole
        assertThat(connection.read().status()).as("request %d", i).isNotEqualTo(500);
        answered++;
      } catch (EOFException | SocketException e) {
        // It was hung up on.
      }
    }
    impatient.close();
    assertThat(answered).isGreaterThan(150);
  }

  private void assertRefused(String request) throws IOException {
    RawConnection connection = connect().send(request);
    RawConnection.Message answer = connection.read();
    assertThat(answer.status()).as(answer.text()).isBetween(400, 499);
    assertThat(answer.text().lines()).hasSize(1);
  }
}
