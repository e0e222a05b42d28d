package io.dragonfly.transport.http.internal.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Headers;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Where redirects lead, and what goes along. */
class HttpSourceRedirectTest extends SourceTest {
  private static final Headers HEADERS =
      Headers.NONE
          .with("Authorization", "Bearer hush")
          .with("Cookie", "id=hush")
          .with("Proxy-Authorization", "Basic hush")
          .with("Private-Token", "hush")
          .with("Accept", "application/octet-stream")
          .with("User-Agent", "curl");

  private final MockWebServer other = new MockWebServer();

  @BeforeEach
  void startOther() throws IOException {
    other.start();
  }

  @AfterEach
  void stopOther() {
    other.close();
  }

  private static MockResponse.Builder redirect(Object location) {
    return answer(302).addHeader("Location", location);
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 303, 307, 308})
  void eachRedirectIsFollowed(int status) throws IOException {
    enqueue(answer(status).addHeader("Location", "/there#fragment"));
    enqueue(part("bytes 0-0/3", "x"));
    assertThat(source.ask(request("/file"))).isEqualTo(version(TAG, 3));
  }

  @Test
  void theRangeGoesAlong() throws Exception {
    enqueue(redirect(other.url("/there")));
    other.enqueue(part("bytes 2-4/10", "234").build());
    try (InputStream in = source.open(request("/file"), version(TAG, 10), ByteRange.of(2, 5))) {
      assertThat(text(in)).isEqualTo("234");
    }
    RecordedRequest there = takenByOther();
    assertThat(there.getHeaders().get("Range")).isEqualTo("bytes=2-4");
    assertThat(there.getHeaders().get("If-Range")).isEqualTo(TAG);
  }

  @Test
  void whatMayBeASecretStaysWithItsHost() throws Exception {
    enqueue(redirect("/same"), redirect(other.url("/there")));
    other.enqueue(redirect(server.url("/back")).build());
    enqueue(part("bytes 0-0/3", "x"));
    source.ask(request("/file", HEADERS));

    for (RecordedRequest home : List.of(taken(), taken(), taken())) {
      assertThat(home.getHeaders().get("Authorization")).isEqualTo("Bearer hush");
      assertThat(home.getHeaders().get("Cookie")).isEqualTo("id=hush");
      assertThat(home.getHeaders().get("Private-Token")).isEqualTo("hush");
    }
    RecordedRequest abroad = takenByOther();
    assertThat(abroad.getHeaders().toString()).doesNotContain("hush");
    assertThat(abroad.getHeaders().get("Accept")).isEqualTo("application/octet-stream");
    assertThat(abroad.getHeaders().get("User-Agent")).isEqualTo("curl");
  }

  @Test
  void aUserNameInALocationIsNotSent() throws Exception {
    enqueue(redirect(other.url("/there").newBuilder().username("u").password("p").build()));
    other.enqueue(part("bytes 0-0/3", "x").build());
    source.ask(request("/file"));
    assertThat(takenByOther().getHeaders().get("Authorization")).isNull();
  }

  @Test
  void aFailureNamesTheHostThatItHappenedAt() {
    enqueue(redirect("http://host.invalid/there?signature=hush"));
    assertThatThrownBy(() -> source.ask(request("/file")))
        .isInstanceOf(SourceFailedException.class)
        .hasMessageContaining("/file (redirected to host.invalid) cannot be read")
        .hasMessageNotContaining("hush");
    enqueue(redirect(other.url("/there").newBuilder().host("127.0.0.1").build()));
    other.enqueue(answer(403).build());
    assertThatThrownBy(() -> source.ask(request("/file")))
        .isInstanceOf(AccessRefusedException.class)
        .hasMessageContaining("(redirected to 127.0.0.1) answered 403");
  }

  @Test
  void aCircleIsLeft() {
    enqueue(redirect("/b"), redirect("/file"));
    assertThatThrownBy(() -> source.ask(request("/file")))
        .isInstanceOfSatisfying(
            SourceFailedException.class,
            failure -> assertThat(failure.status()).hasValue(302)) // it is not silent
        .hasMessageContaining("in a circle");
  }

  @Test
  void tenRedirectsAreFollowedAndNoMore() throws IOException {
    for (int i = 1; i <= 10; i++) {
      enqueue(redirect("/" + i));
    }
    enqueue(part("bytes 0-0/3", "x"));
    assertThat(source.ask(request("/file"))).isEqualTo(version(TAG, 3));

    for (int i = 1; i <= 11; i++) {
      enqueue(redirect("/" + i));
    }
    assertThatThrownBy(() -> source.ask(request("/file")))
        .isInstanceOf(SourceFailedException.class)
        .hasMessageContaining("more than 10 times");
  }

  @Test
  void aRedirectToNowhereIsAnError() {
    enqueue(answer(302));
    assertThatThrownBy(() -> source.ask(request("/file")))
        .isInstanceOf(SourceFailedException.class)
        .hasMessageContaining("no http or https URL");
    enqueue(redirect("file:///etc/passwd"));
    assertThatThrownBy(() -> source.ask(request("/file")))
        .isInstanceOf(SourceFailedException.class)
        .hasMessageContaining("no http or https URL");
    enqueue(answer(304));
    assertThatThrownBy(() -> source.ask(request("/file")))
        .isInstanceOf(SourceFailedException.class)
        .hasMessageContaining("answered 304");
  }

  private RecordedRequest takenByOther() throws InterruptedException {
    RecordedRequest request = other.takeRequest(10, TimeUnit.SECONDS);
    assertThat(request).isNotNull();
    return request;
  }
}
