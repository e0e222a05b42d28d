package io.dragonfly.transport.http.internal.source;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.ContentNotFoundException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import io.dragonfly.testkit.FreePorts;
import java.net.URI;
import java.time.Duration;
import mockwebserver3.MockResponse;
import mockwebserver3.SocketEffect;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What becomes of answers that bring no content, and that nothing secret is said about them. */
class HttpSourceFailureTest extends SourceTest {
  private SourceRequest secretive() {
    return request("/a/file?signature=hush", Headers.NONE.with("Authorization", "Bearer hush"));
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void noAccess(int status) {
    AccessRefusedException refused =
        failure(
            AccessRefusedException.class,
            answer(status)
                .addHeader("WWW-Authenticate", "Basic realm=\"a\"")
                .addHeader("WWW-Authenticate", "Bearer realm=\"b\""));
    assertThat(refused.status()).isEqualTo(status);
    assertThat(refused.challenges()).containsExactly("Basic realm=\"a\"", "Bearer realm=\"b\"");
    assertThat(refused).hasMessageContaining("/a/file answered " + status);
  }

  @ParameterizedTest
  @ValueSource(ints = {404, 410})
  void noContent(int status) {
    ContentNotFoundException notFound = failure(ContentNotFoundException.class, answer(status));
    assertThat(notFound).hasMessageContaining("/a/file answered " + status);
    assertThat(notFound.status()).hasValue(status);
  }

  @ParameterizedTest
  @ValueSource(ints = {204, 400, 429, 500, 502, 503})
  void aSourceThatFails(int status) {
    SourceFailedException failed = failure(SourceFailedException.class, answer(status));
    assertThat(failed.status()).hasValue(status);
    assertThat(failed.retryAfter()).isEmpty();
    assertThat(failed).hasMessageContaining("/a/file answered " + status);
  }

  @ParameterizedTest
  @CsvSource({
    "400, check the URL and the headers",
    "429, try again later",
    "503, try again later",
  })
  void aFailureSaysWhatToDo(int status, String advice) {
    assertThat(failure(SourceFailedException.class, answer(status))).hasMessageEndingWith(advice);
  }

  @Test
  void aSourceThatWantsToBeLeftAlone() {
    assertThat(
            failure(SourceFailedException.class, answer(429).addHeader("Retry-After", "120"))
                .retryAfter())
        .hasValue(Duration.ofMinutes(2));
    MockResponse.Builder dated =
        answer(503)
            .addHeader("Date", "Mon, 05 Jan 2026 12:00:00 GMT")
            .addHeader("Retry-After", "Mon, 05 Jan 2026 12:00:30 GMT");
    assertThat(failure(SourceFailedException.class, dated).retryAfter())
        .hasValue(Duration.ofSeconds(30));
    assertThat(
            failure(
                    SourceFailedException.class,
                    dated.setHeader("Retry-After", "Mon, 05 Jan 2026 11:00:00 GMT"))
                .retryAfter())
        .hasValue(Duration.ZERO);
    assertThat(
            failure(SourceFailedException.class, dated.setHeader("Retry-After", "later"))
                .retryAfter())
        .isEmpty();
  }

  private <T extends Throwable> T failure(Class<T> type, MockResponse.Builder answer) {
    enqueue(answer);
    return saysNothingSecret(failure(type, () -> source.ask(secretive())));
  }

  private static <T extends Throwable> T saysNothingSecret(T failure) {
    for (Throwable t = failure; t != null; t = t.getCause()) {
      assertThat(t.toString()).doesNotContain("hush");
    }
    assertThat(failure.getMessage()).doesNotContain("\n");
    return failure;
  }

  @Test
  void aPortWhereNobodyListens() throws Exception {
    int port = FreePorts.next();
    SourceRequest request = at("http://127.0.0.1:" + port + "/file?x=hush");
    assertThat(saysNothingSecret(failure(SourceFailedException.class, () -> source.ask(request))))
        .hasMessageStartingWith("http://127.0.0.1:" + port + "/file cannot be read: ")
        .hasMessageContaining("Connection refused: check the URL and the network");
  }

  @Test
  void aHostThatNobodyKnows() {
    SourceRequest request = at("http://host.invalid/file?x=hush");
    assertThat(saysNothingSecret(failure(SourceFailedException.class, () -> source.ask(request))))
        .hasMessageContaining("unknown host: host.invalid")
        .hasMessageContaining("check the URL");
  }

  @Test
  void aServerThatHangsUp() {
    SourceFailedException failed =
        failure(
            SourceFailedException.class,
            answer(200).onRequestStart(new SocketEffect.CloseSocket()));
    assertThat(failed.status()).isEmpty();
    assertThat(failed).hasMessageContaining("/a/file cannot be read");
  }

  @Test
  void aServerThatSpeaksSomethingElse() {
    failure(SourceFailedException.class, answer(200).status("SSH-2.0-OpenSSH_9.2"));
  }

  @Test
  void aUrlThatIsNone() {
    SourceRequest request = at("ftp://host/file?x=hush");
    assertThat(saysNothingSecret(failure(SourceFailedException.class, () -> source.ask(request))))
        .hasMessageContaining("ftp://host/file is no http or https URL");
  }

  private static SourceRequest at(String url) {
    return request(ContentRequest.of(URI.create(url)));
  }
}
