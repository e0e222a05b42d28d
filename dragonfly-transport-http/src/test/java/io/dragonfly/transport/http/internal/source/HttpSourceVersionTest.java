package io.dragonfly.transport.http.internal.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.SourceFailedException;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.task.Headers;
import io.dragonfly.task.SourceVersion;
import java.io.IOException;
import java.util.OptionalLong;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import okio.Buffer;
import org.junit.jupiter.api.Test;

/** What a source's answers say about the version. */
class HttpSourceVersionTest extends SourceTest {
  private static final String NOON = "Mon, 05 Jan 2026 12:00:00 GMT";

  @Test
  void asksForOneByteOfTheContentAsItIs() throws Exception {
    assertThat(ask(part("bytes 0-0/1234", "x"))).isEqualTo(version(TAG, 1234));

    RecordedRequest asked = taken();
    assertThat(asked.getMethod()).isEqualTo("GET");
    assertThat(asked.getHeaders().get("Range")).isEqualTo("bytes=0-0");
    assertThat(asked.getHeaders().get("If-Range")).isNull();
    assertThat(asked.getHeaders().get("Accept-Encoding")).isEqualTo("identity");
    assertThat(asked.getHeaders().get("User-Agent")).isEqualTo("dragonfly-test");
  }

  @Test
  void usesItsConnectionAgainForTheNextQuestion() throws Exception {
    ask(part("bytes 0-0/1234", "x"));
    ask(answer(200).addHeader("ETag", TAG).body("small"));
    ask(part("bytes 0-0/1234", "x"));
    taken();
    taken();
    assertThat(taken().getExchangeIndex()).as("requests before it").isEqualTo(2);
  }

  @Test
  void takesAServerWithoutRangesAtItsWord() throws IOException {
    assertThat(ask(answer(200).addHeader("ETag", TAG).body("12345"))).isEqualTo(version(TAG, 5));
  }

  @Test
  void doesNotReadALargeAnswerToASmallQuestion() throws Exception {
    MockResponse.Builder endless =
        PublishedFiles.silent(answer(200).addHeader("ETag", TAG), new byte[1 << 20], 1 << 19);
    assertThat(ask(endless)).isEqualTo(version(TAG, 1 << 20));
  }

  @Test
  void anEmptyContentHasLengthZero() throws Exception {
    enqueue(answer(416).addHeader("Content-Range", "bytes */0"));
    enqueue(answer(200).addHeader("ETag", TAG).body(""));
    assertThat(source.ask(request("/file"))).isEqualTo(version(TAG, 0));
    taken();
    assertThat(taken().getHeaders().get("Range")).isNull();
  }

  @Test
  void aWeakTagIsNoValidator() throws IOException {
    SourceVersion version = ask(part("bytes 0-0/7", "x").setHeader("ETag", "W/\"v1\""));
    assertThat(version.validator()).isEmpty();
    assertThat(version.length()).hasValue(7);
  }

  @Test
  void aWeakTagAndAYoungDateAreHints() throws IOException {
    SourceVersion weak = ask(part("bytes 0-0/7", "x").setHeader("ETag", "W/\"v1\""));
    assertThat(weak.hint()).hasValue("W/\"v1\"");
    assertThat(weak.admits(ask(part("bytes 0-0/7", "x").setHeader("ETag", "W/\"v2\"")))).isFalse();
    assertThat(ask(dated(NOON, NOON)).hint()).hasValue(NOON);
    assertThat(ask(dated(NOON, NOON)).admits(ask(dated(NOON, "Mon, 05 Jan 2026 12:00:09 GMT"))))
        .as("the same date, old enough by now")
        .isTrue();
    assertThat(ask(part("bytes 0-0/7", "x").addHeader("Last-Modified", NOON)).hint()).isEmpty();
  }

  @Test
  void aVersionIsPersonalIfTheSourceChoosesByWhatTheKeyLeavesOut() throws Exception {
    Headers cookie = Headers.NONE.with("Cookie", "a=b").with("Accept-Language", "en");
    String[] personal = {"Cookie", "accept, cookie", "*"};
    for (String vary : personal) {
      enqueue(part("bytes 0-0/7", "x").addHeader("Vary", vary));
      assertThat(source.ask(request("/file", cookie)).personal()).as(vary).isTrue();
    }
    String[] common = {"Accept-Language", "Authorization, User-Agent", "Origin"};
    for (String vary : common) {
      enqueue(part("bytes 0-0/7", "x").addHeader("Vary", vary));
      assertThat(source.ask(request("/file", cookie)).personal()).as(vary).isFalse();
    }
  }

  @Test
  void aTagWithoutQuotesIsNoValidator() throws IOException {
    assertThat(ask(part("bytes 0-0/7", "x").setHeader("ETag", "v1")).isStrong()).isFalse();
  }

  @Test
  void aLastModifiedOlderThanTheAnswerIsAValidator() throws IOException {
    assertThat(ask(dated("Mon, 05 Jan 2026 11:59:59 GMT", NOON)).validator())
        .hasValue("Mon, 05 Jan 2026 11:59:59 GMT");
  }

  @Test
  void aLastModifiedThatMayChangeYetIsNone() throws IOException {
    assertThat(ask(dated(NOON, NOON)).isStrong()).isFalse();
    assertThat(ask(dated("Mon, 05 Jan 2026 12:00:01 GMT", NOON)).isStrong()).isFalse();
    assertThat(ask(dated("yesterday", NOON)).isStrong()).isFalse();
    assertThat(ask(dated("Mon, 05 Jan 2026 11:00:00 GMT", NOON).removeHeader("Date")).isStrong())
        .isFalse();
  }

  @Test
  void aLengthThatIsNotToldIsUnknown() throws IOException {
    assertThat(ask(part("bytes 0-0/*", "x")).length()).isEmpty();

    enqueue(answer(200).addHeader("ETag", TAG).chunkedBody(new Buffer().writeUtf8("12345"), 2));
    try (SourceContent content = source.open(request("/file"))) {
      assertThat(content.version().length()).isEqualTo(OptionalLong.empty());
      assertThat(text(content.stream())).isEqualTo("12345");
    }
  }

  @Test
  void chunksCountMoreThanAContentLength() throws IOException {
    MockResponse.Builder both =
        answer(200).chunkedBody(new Buffer().writeUtf8("12345"), 2).addHeader("Content-Length", 3);
    assertThat(whole(both)).isEqualTo("12345");
  }

  @Test
  void twoContentLengthsAreRefused() {
    MockResponse.Builder two = answer(200).body("12345").addHeader("Content-Length", 4);
    assertThatThrownBy(() -> whole(two))
        .isInstanceOf(SourceFailedException.class)
        .hasMessageContaining("Content-Length");
  }

  @Test
  void anAnswerThatIsCompressedOnTheWayIsRefused() {
    MockResponse.Builder gzip = answer(200).addHeader("Content-Encoding", "gzip").body("zzz");
    assertThatThrownBy(() -> whole(gzip))
        .isInstanceOf(SourceFailedException.class)
        .hasMessageContaining("Content-Encoding gzip");
    assertThatThrownBy(() -> ask(part("bytes 0-0/7", "x").addHeader("Content-Encoding", "gzip")))
        .isInstanceOf(SourceFailedException.class);
  }

  @Test
  void whoAsksForACodingGetsTheBytesAsTheyCome() throws Exception {
    enqueue(answer(200).addHeader("Content-Encoding", "gzip").body("zzz"));
    Headers headers = Headers.NONE.with("Accept-Encoding", "gzip");
    try (SourceContent content = source.open(request("/file", headers))) {
      assertThat(text(content.stream())).isEqualTo("zzz");
    }
    assertThat(taken().getHeaders().values("Accept-Encoding")).containsExactly("gzip");
  }

  @Test
  void aDigestNamesThePlainBytesWhateverIsAccepted() throws Exception {
    String blob = "/v2/a/blobs/sha256:" + "0".repeat(64);
    enqueue(answer(200).body("plain"));
    source.open(request(blob, Headers.NONE.with("Accept-Encoding", "gzip"))).close();
    assertThat(taken().getHeaders().values("Accept-Encoding")).containsExactly("identity");
  }

  @Test
  void anAnswerToAnotherRangeIsRefused() {
    assertThatThrownBy(() -> ask(part("bytes 1-1/7", "x")))
        .isInstanceOf(SourceFailedException.class)
        .hasMessageContaining("bytes 1-1");
    assertThatThrownBy(() -> ask(answer(206).body("x")))
        .isInstanceOf(SourceFailedException.class)
        .hasMessageContaining("Content-Range");
  }

  @Test
  void anInterimAnswerChangesNothing() throws IOException {
    MockResponse.Builder answer =
        part("bytes 0-0/9", "x")
            .addInformationalResponse(
                answer(103).addHeader("Link", "</style>; rel=preload").build());
    assertThat(ask(answer)).isEqualTo(version(TAG, 9));
  }

  @Test
  void aPartThatEndsEarlyIsNoAnswer() {
    MockResponse.Builder cut =
        part("bytes 0-0/9", "")
            .setHeader("Content-Length", 1)
            .onResponseEnd(new SocketEffect.CloseSocket());
    assertThatThrownBy(() -> ask(cut)).isInstanceOf(SourceFailedException.class);
  }

  private static MockResponse.Builder dated(String lastModified, String date) {
    return part("bytes 0-0/7", "x")
        .removeHeader("ETag")
        .addHeader("Last-Modified", lastModified)
        .addHeader("Date", date);
  }
}
