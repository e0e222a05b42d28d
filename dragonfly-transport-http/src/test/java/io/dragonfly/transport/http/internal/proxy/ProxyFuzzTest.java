package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.spi.Requester;
import io.dragonfly.task.ByteRange;
import io.dragonfly.task.Trust;
import io.dragonfly.testkit.Fuzz;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.proxy.ProxyConfig;
import io.dragonfly.transport.http.proxy.Upstream;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import java.io.EOFException;
import java.net.InetAddress;
import java.net.SocketException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import okhttp3.Challenge;
import okhttp3.HttpUrl;
import okhttp3.Response;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What engines and registries send to the proxy, in every shape. */
@Tag("fuzz")
class ProxyFuzzTest extends ProxyTest {
  private static final Target TARGET =
      new Target(
          HttpUrl.get("https://registry.test/v2/lab/app/tags/list"),
          Trust.PLATFORM,
          Optional.of(new Target.Mirror("/hub", Optional.of("registry.test"))),
          Requester.THIS_PROCESS);

  @Test
  void aRangeIsRightOrNone() {
    tested(
        Fuzz.of("0123456789-=:[]. /,*bytes", "bytes=100-199", "bytes=5-", "bytes=-5")
            .run(
                input -> {
                  Optional<ByteRange> range = ByteRanges.parse(Fuzz.text(input));
                  range.ifPresent(r -> assertThat(r.isEmpty()).isFalse());
                  return range.isPresent();
                }));
    tested(
        Fuzz.of("0123456789-=:[]. /,*bytes", "bytes 100-199/200")
            .run(
                input -> {
                  Optional<ByteRange> range = ByteRanges.ofAnswer(Fuzz.text(input));
                  range.ifPresent(r -> assertThat(r.length()).isPositive());
                  return range.isPresent();
                }));
  }

  @Test
  void anAuthorityIsRightOrNone() {
    tested(
        Fuzz.of("0123456789-:[]. /,az", "registry.test:443", "[::1]:5000", "a")
            .run(
                input -> {
                  Optional<Authority> named = Authority.parse(Fuzz.text(input), 80);
                  named.ifPresent(
                      authority -> {
                        assertThat(authority.port()).isBetween(1, 65_535);
                        assertThat(HttpUrl.get("https://" + authority + "/")).isNotNull();
                      });
                  return named.isPresent();
                }));
  }

  private static void tested(Fuzz.Counts counts) {
    assertThat(counts.accepted()).isPositive();
    assertThat(counts.refused()).isPositive();
  }

  @Test
  void aChallengeNamesAPlaceOrNone() {
    tested(
        Fuzz.of(
                "\",= \\\t%?&:/{}[]Bearer",
                "Bearer realm=\"https://auth.test/token\",service=\"s\",scope=\"r:a b:pull\"",
                "Basic realm=\"x\"")
            .run(
                input -> {
                  String header = Fuzz.text(input).replaceAll("[^\\x20-\\x7e\\t]", "?");
                  List<Challenge> challenges = Challenges.parse(List.of(header));
                  var bearer = Challenges.bearer(challenges);
                  bearer.ifPresent(b -> assertThat(b.url().host()).isEqualTo(b.realm().host()));
                  Challenges.hasBasic(challenges);
                  for (Challenge each : challenges) {
                    MirrorHeaders.challenge(each, header, "name")
                        .ifPresent(text -> assertThat(text).doesNotContain("\r", "\n"));
                  }
                  return bearer.isPresent();
                }));
  }

  @Test
  void linksAndLocationsStayWithinAHeader() {
    Fuzz.of(
            "<>;=\" /?&%#:.\\",
            "</v2/lab/app/tags/list?last=a&n=10>; rel=next",
            "https://registry.test/v2/lab/app/blobs/uploads/1",
            "close, X-One, te")
        .run(
            input -> {
              HttpHeaders headers = new DefaultHttpHeaders();
              headers.set("Link", clean(Fuzz.text(input)));
              headers.set("Location", clean(Fuzz.text(input)));
              MirrorHeaders.rewrite(headers, TARGET, TARGET.mirror().orElseThrow());
              assertThat(headers.getAll("Link")).hasSize(1);
              assertThat(headers.getAll("Location")).hasSize(1);
              HopHeaders.of(List.of(Fuzz.text(input)));
              return true;
            });
  }

  private static final String[] REQUESTS = {
    "GET /v2/a/blobs/x?ns=docker.io HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-1\r\n\r\n",
    "CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\n\r\n",
    "HEAD http://u:p@host/x?a=%2F#f HTTP/1.0\r\n\r\n",
    "PUT /v2/a/blobs/uploads/1 HTTP/1.1\r\nHost: [::1]:5000\r\nTransfer-Encoding: chunked\r\n\r\n"
  };

  @Test
  void aRequestLeadsSomewhereOrIsRefused() {
    ProxyConfig config =
        ProxyConfig.builder()
            .environment(Map.of())
            .upstream(Upstream.parse("a=https://registry.test:5000"))
            .build();
    Hosts hosts = new Hosts(config);
    Routing routing = new Routing(config, hosts);
    tested(
        Fuzz.of("\r\n :/?%&=\0[]@#.", REQUESTS)
            .run(input -> leadsSomewhere(input, routing, hosts), ProxyRefusal.class));
  }

  private static boolean leadsSomewhere(byte[] input, Routing routing, Hosts hosts)
      throws ProxyRefusal {
    EmbeddedChannel channel = new EmbeddedChannel(new HttpRequestDecoder());
    try {
      channel.writeInbound(Unpooled.wrappedBuffer(input));
      if (!(channel.readInbound() instanceof HttpRequest request)) {
        return false;
      }
      RequestChecks.checkHead(request);
      RequestChecks.checkName(request, hosts, InetAddress.getLoopbackAddress());
      if (request.method().equals(HttpMethod.CONNECT)) {
        Authority tunnel = RequestChecks.tunnel(request);
        return !routing.isBlocked(tunnel) || routing.isIntercepted(tunnel);
      }
      Target target =
          routing.target(
              request.uri(),
              request.headers(),
              new RequestOrigin(
                  Optional.empty(),
                  Optional.empty(),
                  Requester.PRIVATE_NETWORK,
                  InetAddress.getLoopbackAddress()));
      Routing.Decision decision =
          routing.decide(request.method().name(), request.headers(), target);
      assertThat(decision.target().url().host()).isNotEmpty();
      assertThat(target.isPing() && target.digest().isPresent()).isFalse();
      assertThat(target.repository()).isNotNull();
      return true;
    } finally {
      channel.finishAndReleaseAll();
    }
  }

  /** What cannot be in a header has been refused before. */
  private static String clean(String value) {
    return value.replaceAll("[^\\x20-\\x7e\\x80-\\xff]", "?").strip();
  }

  /** Over sockets, with what makes most requests whole. */
  @Test
  void whateverIsChangedInARequestNothingBreaks() throws Exception {
    start();
    String path = registry.blob(new byte[] {1, 2, 3});
    Fuzz.Counts counts =
        Fuzz.of(
                "\r\n :/?%&=\0",
                "GET "
                    + path
                    + " HTTP/1.1\r\n"
                    + "Host: localhost\r\n"
                    + "Range: bytes=0-1\r\n"
                    + "Connection: close\r\n\r\n",
                "CONNECT localhost:1 HTTP/1.1\r\nHost: localhost:1\r\nConnection: close\r\n\r\n",
                "HEAD " + path + "?ns=x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            .onceFor(20)
            .run(
                input -> {
                  try (RawConnection connection = connect()) {
                    connection.send(input).send("\n\n" + "x".repeat(70_000));
                    assertThat(connection.readHead().status()).isNotEqualTo(500);
                    return true;
                  } catch (EOFException | SocketException e) {
                    return false; // it was hung up on
                  }
                });
    assertThat(counts.accepted()).isGreaterThan(Fuzz.TRIES / 100);
    try (Response response = get(path)) {
      assertThat(response.body().bytes()).containsExactly(1, 2, 3);
    }
  }
}
