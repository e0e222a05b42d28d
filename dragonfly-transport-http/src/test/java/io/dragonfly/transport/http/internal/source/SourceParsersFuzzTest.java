package io.dragonfly.transport.http.internal.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.error.DistributionException;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.testkit.Fuzz;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import okhttp3.Headers;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What servers of all kinds may answer. */
@Tag("fuzz")
class SourceParsersFuzzTest extends SourceTest {
  private static final String DATE = "Mon, 05 Jan 2026 12:00:00 GMT";

  @Test
  void aContentRangeIsRightOrNone() {
    Fuzz.Counts counts =
        Fuzz.of("bytes 0123456789-/*,:\0\u00e9", "bytes 0-99/100", "bytes */100", "bytes 5-9/*")
            .run(input -> ContentRange.parse(Fuzz.text(input)).isPresent());
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
    assertThat(ContentRange.parse("bytes 0-99999999999999999999/100")).isEmpty();
    assertThat(ContentRange.parse("bytes 0-" + "9".repeat(100_000) + "/1")).isEmpty();
  }

  /** Headers as OkHttp takes them from an answer: whatever has no line break. */
  private static Headers headers(String... namesAndValues) {
    Headers.Builder headers = new Headers.Builder();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      String value = namesAndValues[i + 1].replaceAll("[\r\n\0]", "").trim();
      headers.addUnsafeNonAscii(namesAndValues[i], value);
    }
    return headers.build();
  }

  @Test
  void aSourceWantsToBeLeftAloneForAWhileOrSaysNothing() {
    Instant now = Instant.parse("2026-01-05T12:00:00Z");
    Fuzz.Counts counts =
        Fuzz.of("0123456789-+.e, GMTx", "120", DATE)
            .run(
                input -> {
                  String text = Fuzz.text(input);
                  Optional<Duration> wait =
                      RetryAfter.of(headers("Retry-After", text, "Date", text), now);
                  wait.ifPresent(w -> assertThat(w).isGreaterThanOrEqualTo(Duration.ZERO));
                  return wait.isPresent();
                });
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
    assertThat(RetryAfter.of(headers("Retry-After", "9".repeat(100_000)), now)).isEmpty();
  }

  @Test
  void aValidatorIsShortAndMatchesItself() {
    Fuzz.Counts counts =
        Fuzz.of(
                "\"W/ ,:GMT0123456789",
                "\"v1\"",
                "W/\"v\"",
                "Mon, 05 Jan 2026 11:00:00 GMT",
                "A, *")
            .run(
                input -> {
                  String text = Fuzz.text(input);
                  Headers headers =
                      headers("ETag", text, "Last-Modified", text, "Date", DATE, "Vary", text);
                  Optional<String> strong = Validators.strong(headers);
                  strong.ifPresent(
                      s -> {
                        assertThat(s.length()).isBetween(1, 1024);
                        assertThat(Validators.match(s, headers, false)).isTrue();
                      });
                  Validators.hint(headers)
                      .ifPresent(hint -> assertThat(hint).hasSizeLessThan(1025));
                  assertThat(Validators.vary(headers)).isNotNull();
                  return strong.isPresent();
                });
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
  }

  @Test
  void aLongDateIsNoValidator() {
    for (String date : new String[] {"Mon, 05 Jan 2026 11:00:00 GMT", "Mon Jan 5 11:00:00 2026"}) {
      Headers headers = headers("Last-Modified", date + "x".repeat(100_000), "Date", DATE);
      assertThat(Validators.strong(headers)).isEmpty();
      assertThat(Validators.hint(headers)).isEmpty();
    }
  }

  @Test
  void headersEndWhereTheyEnd() {
    Fuzz.Counts counts =
        Fuzz.of("\r\n1 :HTTP/", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nbody")
            .run(
                input -> {
                  HeaderEnd end = new HeaderEnd();
                  end.restart();
                  end.scan(input, 0, input.length);
                  end.position().ifPresent(at -> assertThat(at).isBetween(1L, (long) input.length));
                  return end.position().isPresent();
                });
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
  }

  @Test
  void whateverAServerAnswersIsAnAnswerOrAFailureThatIsTyped() throws Exception {
    String[] honest = {
      "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 4\r\n\r\nbody",
      "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-0/4\r\nContent-Length: 1\r\n\r\nb",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n",
      "HTTP/1.1 503 Later\r\nRetry-After: 120\r\nDate: " + DATE + "\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"
    };
    AtomicReference<byte[]> answer = new AtomicReference<>(new byte[0]);
    Thread server;
    Fuzz.Counts counts;
    try (ServerSocket listening = new ServerSocket(0, 9, InetAddress.getByName("127.0.0.1"))) {
      server = new Thread(() -> answerAll(listening, answer::get));
      server.start();
      URI url = URI.create("http://127.0.0.1:" + listening.getLocalPort() + "/file");
      counts =
          Fuzz.of("\r\n0123456789:;, -/\"chunkedgzip", honest)
              .onceFor(13)
              .run(
                  input -> {
                    answer.set(input);
                    try (SourceContent content = source.open(request(ContentRequest.of(url)))) {
                      content.stream().readNBytes(1 << 20);
                      return true;
                    } catch (DistributionException | IOException e) {
                      assertThat(String.valueOf(e.getMessage())).hasSizeLessThan(2_000);
                      return false;
                    }
                  });
    }
    server.join(30_000);
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
  }

  /** As often as somebody asks: who gets no answer may ask once more by himself. */
  private static void answerAll(ServerSocket listening, Supplier<byte[]> answer) {
    while (!listening.isClosed()) {
      answerOnce(listening, answer);
    }
  }

  private static void answerOnce(ServerSocket listening, Supplier<byte[]> answer) {
    try (Socket socket = listening.accept()) {
      socket.setSoTimeout(30_000);
      int newlines = 0;
      while (newlines < 2) {
        int next = socket.getInputStream().read();
        newlines = next == '\n' ? newlines + 1 : next == '\r' ? newlines : next < 0 ? 2 : 0;
      }
      socket.getOutputStream().write(answer.get());
    } catch (IOException e) {
      // The other side has seen enough.
    }
  }
}
