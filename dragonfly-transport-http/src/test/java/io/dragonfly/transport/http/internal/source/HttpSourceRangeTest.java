package io.dragonfly.transport.http.internal.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.SourceChangedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.spi.Requester;
import io.dragonfly.spi.SourceContent;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.SourceVersion;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import mockwebserver3.SocketEffect;
import okio.Buffer;
import org.junit.jupiter.api.Test;

/** Which bytes are taken for a range of a version, and which are not. */
class HttpSourceRangeTest extends SourceTest {
  private static final String DATE = "Mon, 05 Jan 2026 11:00:00 GMT";
  private static final SourceVersion V1 = version(TAG, 10);
  private static final ByteRange R = ByteRange.of(2, 5);

  @Test
  void asksForTheRangeOfTheVersion() throws Exception {
    assertThat(range(part("bytes 2-4/10", "234"), V1, R)).isEqualTo("234");

    RecordedRequest asked = taken();
    assertThat(asked.getHeaders().get("Range")).isEqualTo("bytes=2-4");
    assertThat(asked.getHeaders().get("If-Range")).isEqualTo(TAG);
  }

  @Test
  void withoutAStrongValidatorThereIsNoIfRange() throws Exception {
    SourceVersion weak = new SourceVersion(Optional.empty(), OptionalLong.of(10));
    assertThat(range(part("bytes 2-4/10", "234"), weak, R)).isEqualTo("234");
    assertThat(taken().getHeaders().get("If-Range")).isNull();
  }

  @Test
  void theUsersOwnRangeIsNeverSent() throws Exception {
    enqueue(part("bytes 2-4/10", "234"), answer(200).body("all"));
    Headers headers =
        Headers.NONE.with("Range", "bytes=7-8").with("If-Range", "x").with("Host", "other");
    source.open(request("/file", headers), V1, R).close();
    source.open(request("/file", headers)).close();
    assertThat(taken().getHeaders().values("Range")).containsExactly("bytes=2-4");
    RecordedRequest whole = taken();
    assertThat(whole.getHeaders().get("Range")).isNull();
    assertThat(whole.getHeaders().get("If-Range")).isNull();
    assertThat(whole.getHeaders().values("Host")).doesNotContain("other");
  }

  @Test
  void anotherRangeThanAskedForIsRefused() {
    assertRefused(part("bytes 3-5/10", "345"), "bytes 3-5");
    assertRefused(part("bytes 2-3/10", "23"), "bytes 2-3");
    assertRefused(part("bytes 2-5/10", "2345"), "bytes 2-5");
    assertRefused(part("bytes 2-4/10", "2345"), "announced 4 bytes");
    assertRefused(part("bytes two-4/10", "234"), "Content-Range");
    assertRefused(part("bytes 2-4/4", "234"), "Content-Range");
    assertRefused(part("bytes 4-2/10", "234"), "Content-Range");
    assertRefused(part("bytes 2-4/10", "234").removeHeader("Content-Range"), "Content-Range");
    assertRefused(
        part("bytes 2-4/10", "234").addHeader("Content-Type", "multipart/byteranges; boundary=x"),
        "several");
  }

  private void assertRefused(MockResponse.Builder answer, String why) {
    assertThatThrownBy(() -> range(answer, V1, R))
        .isInstanceOf(SourceFailedException.class)
        .hasMessageContaining(why);
  }

  @Test
  void anotherVersionIsSaidToHaveChanged() {
    assertChanged(part("bytes 2-4/11", "234"), V1);
    assertChanged(part("bytes 2-4/*", "234"), V1);
    assertChanged(part("bytes 2-4/10", "234").setHeader("ETag", "\"v2\""), V1);
    assertChanged(part("bytes 2-4/10", "234").setHeader("ETag", "W/\"v1\""), V1);
    assertChanged(part("bytes 2-4/10", "234").removeHeader("ETag"), V1);
    assertChanged(answer(200).addHeader("ETag", "\"v2\"").body("0123456789"), V1);
    assertChanged(answer(200).addHeader("ETag", TAG).body("012345678"), V1);
    assertChanged(answer(200).body("0123456789"), V1);
    assertChanged(answer(412), V1);
    assertChanged(answer(416).addHeader("Content-Range", "bytes */1"), V1);
  }

  private void assertChanged(MockResponse.Builder answer, SourceVersion version) {
    assertThatThrownBy(() -> range(answer, version, R))
        .isInstanceOf(SourceChangedException.class)
        .hasMessageContaining("changed");
  }

  @Test
  void aDateCanNameAVersionToo() throws Exception {
    SourceVersion dated = version(DATE, 10);
    MockResponse.Builder part = part("bytes 2-4/10", "234").removeHeader("ETag");
    assertThat(range(part, dated, R)).as("the server has compared it").isEqualTo("234");
    assertThat(taken().getHeaders().get("If-Range")).isEqualTo(DATE);
    assertThat(range(part.addHeader("Last-Modified", DATE), dated, R)).isEqualTo("234");
    assertChanged(part.setHeader("Last-Modified", "Mon, 05 Jan 2026 11:00:01 GMT"), dated);
    assertChanged(answer(200).body("0123456789"), dated);
  }

  @Test
  void theRangeIsCutOutOfTheAnswerOfAServerWithoutRanges() throws IOException {
    assertThat(range(answer(200).addHeader("ETag", TAG).body("0123456789"), V1, R))
        .isEqualTo("234");
    Buffer chunks = new Buffer().writeUtf8("0123456789");
    assertThat(range(answer(200).addHeader("ETag", TAG).chunkedBody(chunks, 3), V1, R))
        .isEqualTo("234");
    assertThat(
            range(answer(200).addHeader("ETag", TAG).body("0123456789"), V1, ByteRange.of(8, 10)))
        .isEqualTo("89");
  }

  @Test
  void aServerWithoutRangesMustBringTheWholeRange() {
    Buffer chunks = new Buffer().writeUtf8("0123");
    assertThatThrownBy(
            () -> range(answer(200).addHeader("ETag", TAG).chunkedBody(chunks, 3), V1, R))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("ended 1 bytes before");
    Buffer fewer = new Buffer().writeUtf8("0");
    assertThatThrownBy(() -> range(answer(200).addHeader("ETag", TAG).chunkedBody(fewer, 3), V1, R))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("ended before the range");
  }

  @Test
  void aContentOfUnknownLengthEndsWhereItEnds() throws IOException {
    SourceVersion unknown = new SourceVersion(Optional.of(TAG), OptionalLong.empty());
    ByteRange far = ByteRange.of(8, 1 << 20);
    assertThat(range(part("bytes 8-9/10", "89"), unknown, far)).isEqualTo("89");
    assertThat(range(answer(200).addHeader("ETag", TAG).body("0123456789"), unknown, far))
        .isEqualTo("89");
    Buffer chunks = new Buffer().writeUtf8("0123456789");
    assertThat(range(answer(200).addHeader("ETag", TAG).chunkedBody(chunks, 3), unknown, far))
        .isEqualTo("89");
    Buffer few = new Buffer().writeUtf8("01234");
    assertThat(range(answer(200).addHeader("ETag", TAG).chunkedBody(few, 3), unknown, far))
        .isEmpty();
  }

  @Test
  void anOpenRangeIsAskedForAsSuch() throws Exception {
    SourceVersion unknown = new SourceVersion(Optional.of(TAG), OptionalLong.empty());
    assertThat(range(part("bytes 8-9/10", "89"), unknown, ByteRange.from(8))).isEqualTo("89");
    assertThat(taken().getHeaders().get("Range")).isEqualTo("bytes=8-");
  }

  @Test
  void aRangeThatIsNotInTheContentIsNotAskedFor() throws IOException {
    assertThatThrownBy(() -> source.open(request("/file"), V1, ByteRange.of(9, 11)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(text(source.open(request("/file"), V1, ByteRange.of(9, 9)))).isEmpty();
    assertThat(server.getRequestCount()).isZero();
  }

  @Test
  void aPartThatNobodyAskedForIsRefused() {
    assertThatThrownBy(() -> whole(part("bytes 0-9/10", "0123456789")))
        .isInstanceOf(SourceFailedException.class)
        .hasMessageContaining("206 where 200");
  }

  @Test
  void aPartThatEndsEarlyFails() {
    MockResponse.Builder cut =
        part("bytes 2-4/10", "23")
            .setHeader("Content-Length", 3)
            .onResponseEnd(new SocketEffect.CloseSocket());
    assertThatThrownBy(() -> range(cut, V1, R)).isInstanceOf(IOException.class);
  }

  @Test
  void chunksThatBringMoreThanTheRangeFail() throws IOException {
    enqueue(chunked("2345"));
    try (InputStream in = source.open(request("/file"), V1, R)) {
      assertThatThrownBy(() -> in.readNBytes(3))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("more bytes than it announced");
      assertThatThrownBy(in::read).as("and stays so").isInstanceOf(IOException.class);
    }
  }

  @Test
  void chunksThatBringLessThanTheRangeFail() {
    assertThatThrownBy(() -> range(chunked("23"), V1, R))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("ended 1 bytes before its end");
  }

  private static MockResponse.Builder chunked(String body) {
    return part("bytes 2-4/10", "").chunkedBody(new Buffer().writeUtf8(body), 2);
  }

  @Test
  void chunksWithoutAnEndFail() throws IOException {
    Buffer chunk = new Buffer().writeUtf8("5\r\n01234\r\n");
    MockResponse.Builder cut =
        answer(200)
            .body(chunk)
            .removeHeader("Content-Length")
            .addHeader("Transfer-Encoding", "chunked")
            .onResponseEnd(new SocketEffect.CloseSocket());
    enqueue(cut);
    try (SourceContent content = source.open(request("/file"))) {
      assertThat(content.stream().readNBytes(5)).hasSize(5);
      assertThatThrownBy(() -> content.stream().read()).isInstanceOf(IOException.class);
    }
  }

  @Test
  void bytesBehindTheEndFailAndSpoilNoOtherAnswer() throws Exception {
    enqueue(answer(200).addHeader("ETag", TAG).body("0123456789").setHeader("Content-Length", 4));
    try (SourceContent content = source.open(request("/file"))) {
      assertThatThrownBy(() -> content.stream().readNBytes(4))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("more bytes than it announced");
    }
    assertThat(whole(answer(200).body("next"))).isEqualTo("next");
  }

  @Test
  void silenceInTheMiddleFailsAfterTheStallTimeout() throws IOException {
    enqueue(PublishedFiles.silent(answer(200), new byte[100], 40));
    ContentRequest content = ContentRequest.of(uri("/file?secret=1"));
    SourceRequest request =
        new SourceRequest(content, Duration.ofSeconds(2), Requester.THIS_PROCESS);
    try (InputStream in = source.open(request).stream()) {
      assertThat(in.readNBytes(40)).hasSize(40);
      assertThatThrownBy(in::read)
          .isInstanceOf(IOException.class)
          .hasMessageEndingWith("/file: the source brought no byte for 2.0 s");
    }
  }

  @Test
  void closingEarlyDoesNotReadOn() throws Exception {
    enqueue(PublishedFiles.silent(answer(200), new byte[4 << 20], 1 << 20));
    InputStream in = source.open(request("/file")).stream();
    in.read();
    long before = System.nanoTime();
    in.close();
    assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(5));
    assertThatThrownBy(in::read).isInstanceOf(IOException.class).hasMessageContaining("closed");
    assertThat(whole(answer(200).body("next"))).isEqualTo("next");
  }
}
