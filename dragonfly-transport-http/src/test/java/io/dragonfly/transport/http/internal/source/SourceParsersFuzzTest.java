package io.dragonfly.transport.http.internal.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.error.DistributionException;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.testkit.Mutations;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import okhttp3.Headers;
import org.junit.jupiter.api.Test;

/** What servers of all kinds may answer; seeded, and bounded by the counts. */
class SourceParsersFuzzTest extends SourceTest {
  private static final int TRIES = 5_000;
  private static final String DATE = "Mon, 05 Jan 2026 12:00:00 GMT";

  @Test
  void aContentRangeIsRightOrNone() {
    Random random = new Random(20261127);
    String signs = "bytes 0123456789-/*,:\u0000\u00e9";
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder("bytes 0-99/100");
      for (int change = 0; change <= random.nextInt(5); change++) {
        int at = random.nextInt(text.length());
        text.setCharAt(at, signs.charAt(random.nextInt(signs.length())));
      }
      ContentRange.parse(text.toString()).ifPresent(range -> assertThat(range).isNotNull());
    }
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
    Mutations mutations = new Mutations(1, "0123456789-+.e, GMTx");
    Instant now = Instant.parse("2026-01-05T12:00:00Z");
    for (int i = 0; i < TRIES; i++) {
      Headers headers =
          headers(
              "Retry-After", mutations.of(i % 2 == 0 ? "120" : DATE), "Date", mutations.of(DATE));
      RetryAfter.of(headers, now)
          .ifPresent(wait -> assertThat(wait).isGreaterThanOrEqualTo(Duration.ZERO));
    }
    assertThat(RetryAfter.of(headers("Retry-After", "9".repeat(100_000)), now)).isEmpty();
  }

  @Test
  void aValidatorIsShortAndMatchesItself() {
    Mutations mutations = new Mutations(2, "\"W/ ,:GMT0123456789");
    for (int i = 0; i < TRIES; i++) {
      Headers headers =
          headers(
              "ETag", mutations.of("\"v1\""),
              "Last-Modified", mutations.of("Mon, 05 Jan 2026 11:00:00 GMT"),
              "Date", mutations.of(DATE),
              "Vary", mutations.of("Accept, *"));
      Validators.strong(headers)
          .ifPresent(
              strong -> {
                assertThat(strong.length()).isBetween(1, 1024);
                assertThat(Validators.match(strong, headers, false)).isTrue();
              });
      Validators.hint(headers).ifPresent(hint -> assertThat(hint).hasSizeLessThan(1025));
      assertThat(Validators.vary(headers)).isNotNull();
    }
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
    Mutations mutations = new Mutations(3, "\r\n1 :HTTP/");
    byte[] honest =
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\nbody"
            .getBytes(StandardCharsets.ISO_8859_1);
    for (int i = 0; i < TRIES; i++) {
      byte[] bytes = mutations.of(honest);
      HeaderEnd end = new HeaderEnd();
      end.restart();
      end.scan(bytes, 0, bytes.length);
      end.position().ifPresent(at -> assertThat(at).isBetween(1L, (long) bytes.length));
    }
  }

  @Test
  void whateverAServerAnswersIsAnAnswerOrAFailureThatIsTyped() throws Exception {
    Mutations mutations = new Mutations(4, "\r\n0123456789:;, -/\"chunkedgzip");
    String[] honest = {
      "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 4\r\n\r\nbody",
      "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-0/4\r\nContent-Length: 1\r\n\r\nb",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nbo\r\n2\r\ndy\r\n0\r\n\r\n",
      "HTTP/1.1 503 Later\r\nRetry-After: 120\r\nDate: " + DATE + "\r\nContent-Length: 0\r\n\r\n",
      "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 0\r\n\r\n"
    };
    AtomicReference<byte[]> answer = new AtomicReference<>(new byte[0]);
    int opened = 0;
    Thread server;
    try (ServerSocket listening = new ServerSocket(0, 9, InetAddress.getByName("127.0.0.1"))) {
      server = new Thread(() -> answerAll(listening, answer::get));
      server.start();
      URI url = URI.create("http://127.0.0.1:" + listening.getLocalPort() + "/file");
      for (int i = 0; i < 150; i++) {
        answer.set(mutations.of(honest[i % 5].getBytes(StandardCharsets.ISO_8859_1)));
        try (SourceContent content = source.open(request(ContentRequest.of(url)))) {
          content.stream().readNBytes(1 << 20);
          opened++;
        } catch (DistributionException | IOException e) {
          assertThat(String.valueOf(e.getMessage())).hasSizeLessThan(2_000);
        }
      }
    }
    server.join(30_000);
    assertThat(opened).isBetween(10, 140);
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
