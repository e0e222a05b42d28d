package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.task.Trust;
import io.dragonfly.testkit.Mutations;
import io.dragonfly.transport.http.RawConnection;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.EOFException;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import okhttp3.Challenge;
import okhttp3.HttpUrl;
import okhttp3.Response;
import org.junit.jupiter.api.Test;

/** What engines and registries send to the proxy, in every shape; seeded, bounded by the counts. */
class ProxyFuzzTest extends ProxyTest {
  private static final int TRIES = 3_000;
  private static final Target TARGET =
      new Target(
          HttpUrl.get("https://registry.test/v2/lab/app/tags/list"),
          Trust.PLATFORM,
          Optional.of(new Target.Mirror("/hub", Optional.of("registry.test"))),
          false);

  @Test
  void rangesAndAuthoritiesAreRightOrNone() {
    Mutations mutations = new Mutations(20261127, "0123456789-=:[]. /,*bytes");
    for (int i = 0; i < TRIES; i++) {
      ByteRanges.parse(mutations.of("bytes=100-199"))
          .ifPresent(range -> assertThat(range.isEmpty()).isFalse());
      ByteRanges.ofAnswer(mutations.of("bytes 100-199/200"))
          .ifPresent(range -> assertThat(range.length()).isPositive());
      for (String honest : List.of("registry.test:443", "[::1]:5000")) {
        Authority.parse(mutations.of(honest), 80)
            .ifPresent(authority -> assertThat(authority.port()).isBetween(1, 65_535));
      }
    }
  }

  @Test
  void aChallengeNamesAPlaceOrNone() {
    Mutations mutations = new Mutations(1, "\",= \\\t%?&:/{}[]Bearer");
    for (int i = 0; i < TRIES; i++) {
      String header =
          mutations
              .of("Bearer realm=\"https://auth.test/token\",service=\"s\",scope=\"r:a b:pull\"")
              .replaceAll("[^\\x20-\\x7e\\t]", "?");
      List<Challenge> challenges = Challenges.parse(List.of(header));
      Challenges.bearer(challenges)
          .ifPresent(bearer -> assertThat(bearer.url().host()).isEqualTo(bearer.realm().host()));
      Challenges.hasBasic(challenges);
      for (Challenge each : challenges) {
        MirrorHeaders.challenge(each, mutations.of("localhost:65001"), "name")
            .ifPresent(text -> assertThat(text).doesNotContain("\r", "\n"));
      }
    }
  }

  @Test
  void linksAndLocationsStayWithinAHeader() {
    Mutations mutations = new Mutations(2, "<>;=\" /?&%#:.\\");
    for (int i = 0; i < TRIES; i++) {
      HttpHeaders headers = new DefaultHttpHeaders();
      headers.set("Link", clean(mutations.of("</v2/lab/app/tags/list?last=a&n=10>; rel=next")));
      headers.set(
          "Location", clean(mutations.of("https://registry.test/v2/lab/app/blobs/uploads/1")));
      MirrorHeaders.rewrite(headers, TARGET, TARGET.mirror().orElseThrow());
      assertThat(headers.getAll("Link")).hasSize(1);
      assertThat(headers.getAll("Location")).hasSize(1);
      HopHeaders.of(List.of(mutations.of("close, X-One, te")));
    }
  }

  /** What cannot be in a header has been refused before. */
  private static String clean(String value) {
    return value.replaceAll("[^\\x20-\\x7e\\x80-\\xff]", "?").strip();
  }

  /** 100 requests with some of their bytes changed. */
  @Test
  void whateverIsChangedInARequestNothingBreaks() throws Exception {
    start();
    String path = registry.blob(new byte[] {1, 2, 3});
    Mutations mutations = new Mutations(3, "\r\n :/?%&=\0");
    String[] honest = {
      "GET "
          + path
          + " HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-1\r\nConnection: close\r\n\r\n",
      "CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n",
      "HEAD " + path + "?ns=x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    };
    int answered = 0;
    for (int i = 0; i < 100; i++) {
      byte[] bytes = mutations.of(honest[i % 3].getBytes(StandardCharsets.ISO_8859_1));
      try (RawConnection connection = connect()) {
        connection.send(bytes).send("\n\n" + "x".repeat(70_000)); // what makes most of them whole
        assertThat(connection.readHead().status()).as("request %d", i).isNotEqualTo(500);
        answered++;
      } catch (EOFException | SocketException e) {
        // It was hung up on.
      }
    }
    assertThat(answered).isGreaterThan(30);
    try (Response response = get(path)) {
      assertThat(response.body().bytes()).containsExactly(1, 2, 3);
    }
  }
}
