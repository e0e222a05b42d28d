package io.dragonfly.transport.http.internal.source;

import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.dragonfly.spi.Requester;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.SourceVersion;
import io.dragonfly.testkit.LeakCheck;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okio.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.ExtendWith;

/** A source and a server that answers what a test tells it, request by request. */
@ExtendWith(LeakCheck.class)
abstract class SourceTest {
  static final String TAG = "\"v1\"";

  final MockWebServer server = new MockWebServer();
  HttpSource source = new HttpSource(new SourceConfig("dragonfly-test"), Map.of());

  @BeforeEach
  void start() throws IOException {
    server.start();
  }

  @AfterEach
  void stop() {
    source.close();
    server.close();
  }

  static MockResponse.Builder answer(int status) {
    return new MockResponse.Builder().code(status);
  }

  /** An answer with a range: {@code contentRange} is what it says, {@code body} what it brings. */
  static MockResponse.Builder part(String contentRange, String body) {
    return answer(206).addHeader("ETag", TAG).addHeader("Content-Range", contentRange).body(body);
  }

  void enqueue(MockResponse.Builder... answers) {
    for (MockResponse.Builder answer : answers) {
      server.enqueue(answer.build());
    }
  }

  URI uri(String path) {
    return server.url(path).uri();
  }

  SourceRequest request(String path) {
    return request(ContentRequest.of(uri(path)));
  }

  SourceRequest request(String path, Headers headers) {
    return request(ContentRequest.of(uri(path)).withHeaders(headers));
  }

  static SourceRequest request(ContentRequest content) {
    return new SourceRequest(content, Duration.ofSeconds(10), Requester.THIS_PROCESS);
  }

  static SourceVersion version(String validator, long length) {
    return new SourceVersion(Optional.of(validator), OptionalLong.of(length));
  }

  SourceVersion ask(MockResponse.Builder answer) throws IOException {
    enqueue(answer);
    return source.ask(request("/file"));
  }

  String whole(MockResponse.Builder answer) throws IOException {
    enqueue(answer);
    try (InputStream in = source.open(request("/file")).stream()) {
      return text(in);
    }
  }

  String range(MockResponse.Builder answer, SourceVersion version, ByteRange range)
      throws IOException {
    enqueue(answer);
    try (InputStream in = source.open(request("/file"), version, range)) {
      return text(in);
    }
  }

  static String text(InputStream in) throws IOException {
    return new String(in.readAllBytes(), StandardCharsets.UTF_8);
  }

  RecordedRequest taken() throws InterruptedException {
    RecordedRequest request = server.takeRequest(10, TimeUnit.SECONDS);
    if (request == null) {
      throw new AssertionError("there was no such request");
    }
    return request;
  }

  static Buffer zeros(long count) {
    return new Buffer().write(new byte[(int) count]);
  }

  interface Action {
    void run() throws Exception;
  }

  static <T extends Throwable> T failure(Class<T> type, Action action) {
    return catchThrowableOfType(type, action::run);
  }
}
