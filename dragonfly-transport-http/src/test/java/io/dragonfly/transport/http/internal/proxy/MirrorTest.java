package io.dragonfly.transport.http.internal.proxy;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.proxy.ProxyConfig;
import io.dragonfly.transport.http.proxy.ProxyRule;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import mockwebserver3.MockResponse;
import okhttp3.Response;
import okio.Buffer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MirrorTest extends ProxyTest {
  private static final byte[] MANIFEST = "{\"schemaVersion\":2}".getBytes(UTF_8);

  @Test
  void aTagPassesWithAllItsHeaders() throws Exception {
    registry.manifest("latest", MANIFEST);
    start();
    String[] accepts = {"Accept", "a/1", "Accept", "b/2", "Accept", "c/3"};

    try (Response response = get("/v2/lab/app/manifests/latest", accepts)) {
      assertThat(response.code()).isEqualTo(200);
      assertThat(response.body().bytes()).isEqualTo(MANIFEST);
      assertThat(response.header("Content-Type")).isEqualTo(FakeRegistry.MANIFEST_TYPE);
      assertThat(response.header("Docker-Content-Digest"))
          .isEqualTo(FakeRegistry.digest(MANIFEST).toString());
    }
    assertThat(registry.last().getHeaders().values("Accept")).containsExactly("a/1", "b/2", "c/3");
    assertThat(counts().p2pRequests()).isZero();
  }

  @Test
  void aBlobGoesThroughTheSwarm() throws Exception {
    byte[] blob = FakeRegistry.bytes(3 * MIB + 5, 1);
    String path = registry.blob(blob);
    start();

    try (Response response = get(path)) {
      assertThat(response.header("Content-Length")).isEqualTo(Integer.toString(blob.length));
      assertThat(response.header("Docker-Content-Digest"))
          .isEqualTo(FakeRegistry.digest(blob).toString());
      assertThat(response.body().bytes()).isEqualTo(blob);
    }
    assertThat(body(path)).isEqualTo(blob);
    assertThat(counts().p2pRequests()).isEqualTo(2);
    assertThat(counts().p2pBytes()).isEqualTo(2L * blob.length);
    assertThat(counts().fallbacks()).isZero();
    // The second time it is there, and the registry only says who may have it.
    assertThat(registry.requests.stream().filter(r -> r.getHeaders().get("Range") == null))
        .hasSize(1);
  }

  @Test
  void anEmptyBlobIsOneToo() throws Exception {
    String path = registry.blob(new byte[0]);
    start();

    try (Response response = get(path)) {
      assertThat(response.header("Content-Length")).isEqualTo("0");
      assertThat(response.body().bytes()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0-99", "100-", "1048570-1048590", "0-99999999"})
  void aRangeIsAnsweredWith206(String range) throws Exception {
    byte[] blob = FakeRegistry.bytes(2 * MIB, 2);
    String path = registry.blob(blob);
    start();
    String[] ends = range.split("-", -1);
    int from = Integer.parseInt(ends[0]);
    int to = ends[1].isEmpty() ? blob.length : Math.min(blob.length, Integer.parseInt(ends[1]) + 1);

    try (Response response = get(path, "Range", "bytes=" + range)) {
      assertThat(response.code()).isEqualTo(206);
      assertThat(response.header("Content-Range"))
          .isEqualTo("bytes %d-%d/%d".formatted(from, to - 1, blob.length));
      assertThat(response.body().bytes()).isEqualTo(Arrays.copyOfRange(blob, from, to));
    }
    assertThat(counts().p2pRequests()).isEqualTo(1);
  }

  @Test
  void aRangeBehindTheEndAndASuffixAreAnsweredAsTheRegistryDoes() throws Exception {
    String path = registry.blob(FakeRegistry.bytes(100, 3));
    start();

    try (Response response = get(path, "Range", "bytes=100-")) {
      assertThat(response.code()).isEqualTo(416);
      assertThat(response.header("Content-Range")).isEqualTo("bytes */100");
    }
    registry.on(path, r -> new MockResponse.Builder().code(206).body("suffix").build());
    try (Response response = get(path, "Range", "bytes=-6")) {
      assertThat(response.body().string()).isEqualTo("suffix");
    }
    assertThat(registry.last().getHeaders().get("Range")).isEqualTo("bytes=-6");
    assertThat(counts().fallbacks()).isZero();
  }

  @Test
  void aHeadHasTheLengthAndNoBody() throws Exception {
    String path = registry.blob(FakeRegistry.bytes(1000, 4));
    start();

    try (Response response = head(path)) {
      assertThat(response.code()).isEqualTo(200);
      assertThat(response.header("Content-Length")).isEqualTo("1000");
    }
    try (Response response = head(path)) { // on the same connection
      assertThat(response.code()).isEqualTo(200);
    }
  }

  @Test
  void aManifestByDigestTravelsAsASmallFileAfterTheAccessCheck() throws Exception {
    String path = registry.manifest("1", MANIFEST);
    start();

    for (int i = 0; i < 2; i++) {
      try (Response response = get(path, "Accept", FakeRegistry.MANIFEST_TYPE)) {
        assertThat(response.header("Content-Type")).isEqualTo(FakeRegistry.MANIFEST_TYPE);
        assertThat(response.header("Docker-Content-Digest"))
            .isEqualTo(FakeRegistry.digest(MANIFEST).toString());
        assertThat(response.body().bytes()).isEqualTo(MANIFEST);
      }
    }
    assertThat(counts().p2pRequests()).isEqualTo(2);
    assertThat(registry.asked("HEAD", path)).isEqualTo(2);
    registry.on(path, r -> new MockResponse.Builder().code(403).build());
    try (Response response = get(path)) {
      assertThat(response.code()).isEqualTo(403);
    }
  }

  /** As skopeo and podman say what they take. */
  @Test
  void allThatAClientAcceptsIsKeptForAManifestByDigest() throws Exception {
    String path = registry.manifest("1", MANIFEST);
    start();
    String[] accepts = {"a/6", "b/1", "c/5", "d/2", "e/4", "f/3"};
    String[] headers =
        Arrays.stream(accepts).flatMap(one -> Stream.of("Accept", one)).toArray(String[]::new);

    assertThat(body(path, headers)).isEqualTo(MANIFEST);

    assertThat(registry.requests)
        .hasSizeGreaterThanOrEqualTo(2)
        .allSatisfy(r -> assertThat(r.getHeaders().values("Accept")).containsExactly(accepts));
  }

  @ParameterizedTest
  @ValueSource(ints = {404, 429, 500, 503})
  void anErrorPassesAsTheRegistryGivesIt(int status) throws Exception {
    String blob = "/v2/lab/app/blobs/" + FakeRegistry.digest(new byte[1]);
    start();
    for (String path : List.of(blob, "/v2/lab/app/manifests/none")) {
      registry.on(
          path,
          r ->
              new MockResponse.Builder()
                  .code(status)
                  .addHeader("X-Reason", "told")
                  .addHeader("Retry-After", "120")
                  .body("why")
                  .build());
      try (Response response = get(path)) {
        assertThat(response.code()).isEqualTo(status);
        assertThat(response.header("X-Reason")).isEqualTo("told");
        assertThat(response.body().string()).isEqualTo("why");
      }
    }
    assertThat(counts().fallbacks()).isZero();
  }

  @Test
  void aRegistryThatIsGoneIsABadGateway() throws Exception {
    String path = registry.blob(new byte[10]);
    start();
    registry.server.close();

    try (Response response = get(path)) {
      assertThat(response.code()).isEqualTo(502);
      assertThat(response.body().string()).contains("UNAVAILABLE");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aCorruptBlobIsNeverCompleted(boolean lengthIsKnown) throws Exception {
    byte[] blob = FakeRegistry.bytes(300_000, 8);
    String path = registry.blob(blob);
    byte[] corrupt = blob.clone();
    corrupt[299_999] ^= 1;
    registry.on(
        path,
        r ->
            lengthIsKnown
                ? new MockResponse.Builder().body(new Buffer().write(corrupt)).build()
                : new MockResponse.Builder()
                    .chunkedBody(new Buffer().write(corrupt), 10_000)
                    .build());
    start();

    assertThatThrownBy(() -> body(path)).isInstanceOf(IOException.class);
    assertThat(counts().corruptBodies()).isEqualTo(1);
    registry.on(path, r -> null);
    assertThat(body(path)).isEqualTo(blob);
  }

  /** To ask for all from the first byte on is to ask for the whole. */
  @ParameterizedTest
  @CsvSource({
    "0-,",
    "0-299999,",
    "0-,direct",
    "0-299999,direct",
    "0-999999,direct",
    "0-,no-ranges"
  })
  void aCorruptBlobIsNeverCompletedAsARangeEither(String range, String way) throws Exception {
    byte[] blob = FakeRegistry.bytes(300_000, 8);
    byte[] corrupt = FakeStreams.corrupted(blob, 299_999);
    String path = registry.blob(blob);
    registry.put(path, corrupt);
    if ("no-ranges".equals(way)) {
      registry.on(path, r -> new MockResponse.Builder().body(new Buffer().write(corrupt)).build());
    }
    ProxyConfig.Builder config = config();
    start(way == null ? config : config.rule(ProxyRule.parse("/blobs/=direct")));

    assertThatThrownBy(() -> body(path, "Range", "bytes=" + range)).isInstanceOf(IOException.class);
    assertThat(counts().corruptBodies()).isEqualTo(1);
    // And nothing wrong is kept.
    registry.on(path, r -> null);
    registry.put(path, blob);
    assertThat(body(path, "Range", "bytes=" + range)).isEqualTo(blob);
    assertThat(counts().corruptBodies()).isEqualTo(1);
  }

  /** None of them is a way around the check. */
  @ParameterizedTest
  @CsvSource({"empty", "colon", "slash", "condition", "203", "206"})
  void aWrongBlobIsNotCompletedByATrick(String trick) throws Exception {
    byte[] blob = FakeRegistry.bytes(300_000, 9);
    byte[] wrong = trick.equals("empty") ? new byte[0] : FakeStreams.corrupted(blob, 7);
    String plainPath = registry.blob(blob);
    String path =
        switch (trick) {
          case "colon" -> plainPath.replace(":", "%3A");
          case "slash" -> plainPath + "/";
          default -> plainPath;
        };
    MockResponse.Builder answer = new MockResponse.Builder().body(new Buffer().write(wrong));
    if (trick.startsWith("20")) {
      answer.code(Integer.parseInt(trick));
    }
    registry.on(path, r -> answer.build());
    start(config().rule(ProxyRule.parse("/blobs/=direct")));

    assertThatThrownBy(
            () -> body(path, "If-None-Match", trick.equals("condition") ? "\"x\"" : "\"\""))
        .isInstanceOf(IOException.class);
    assertThat(counts().corruptBodies()).isEqualTo(1);
  }

  @Test
  void twoLayersAreUnderWayAtOnce() throws Exception {
    CountDownLatch both = new CountDownLatch(2);
    List<Future<byte[]>> pulls = new ArrayList<>();
    ExecutorService engine = Executors.newFixedThreadPool(2);
    start();
    for (int i = 0; i < 2; i++) {
      byte[] blob = FakeRegistry.bytes(200_000, i);
      String path = registry.blob(blob);
      registry.on(
          path,
          r -> {
            both.countDown();
            return new MockResponse.Builder().body(new HeldBody(blob, 10_000, both)).build();
          });
      pulls.add(engine.submit(() -> body(path)));
    }

    for (int i = 0; i < 2; i++) {
      assertThat(pulls.get(i).get(20, TimeUnit.SECONDS)).isEqualTo(FakeRegistry.bytes(200_000, i));
    }
    engine.shutdown();
  }

  /** Of a list or a content; a circle that is left to the client would be one without an end. */
  @Test
  void redirectsWithoutEndAreAnError() throws Exception {
    AtomicInteger next = new AtomicInteger();
    start();
    for (String path :
        List.of(
            "/v2/lab/app/tags/list",
            registry.manifest("1", MANIFEST),
            registry.blob(FakeRegistry.bytes(10, 1)))) {
      registry.on(
          path,
          r ->
              new MockResponse.Builder()
                  .code(307)
                  .addHeader("Location", path + "?n=" + next.incrementAndGet())
                  .build());
      try (Response response = get(path)) {
        assertThat(response.code()).as(path).isEqualTo(502);
        assertThat(response.body().string()).contains("redirects more than 10 times");
      }
    }
  }

  /** A client would not know what to do with it, or do it with this machine's files. */
  @ParameterizedTest
  @CsvSource({
    ", 'redirects without saying where, with 307'",
    "file:///etc/passwd, 'redirects to what is no http or https URL, with 307'",
    "ftp://127.0.0.1/x, 'redirects to what is no http or https URL, with 307'"
  })
  void aRedirectThatLeadsNowhereIsAnError(String location, String message) throws Exception {
    start();
    for (String path :
        List.of(
            "/v2/lab/app/tags/list",
            registry.manifest("1", MANIFEST),
            registry.blob(FakeRegistry.bytes(10, 1)))) {
      MockResponse.Builder answer = new MockResponse.Builder().code(307);
      if (location != null) {
        answer.addHeader("Location", location);
      }
      registry.on(path, r -> answer.build());
      try (Response response = get(path)) {
        assertThat(response.code()).as(path).isEqualTo(502);
        assertThat(response.header("Location")).isNull();
        assertThat(response.body().string())
            .contains("UNAVAILABLE", registry.url(path), message)
            .doesNotContain("passwd");
      }
    }
  }

  @Test
  void aBlobThatGoesDirectlyIsCheckedAndGoesOnWhenTheConnectionBreaks() throws Exception {
    byte[] blob = FakeRegistry.bytes(MIB, 9);
    String path = registry.blob(blob);
    start(config().rule(ProxyRule.parse("/blobs/=direct")));
    registry.cutAt = 1;
    assertThat(body(path)).isEqualTo(blob);
    assertThat(registry.requests.stream().anyMatch(r -> r.getHeaders().get("Range") != null))
        .isTrue();
    registry.cutAt = -1;
    registry.put(path, FakeRegistry.bytes(MIB, 10));

    assertThatThrownBy(() -> body(path)).isInstanceOf(IOException.class);
    assertThat(counts().corruptBodies()).isEqualTo(1);
    assertThat(counts().p2pRequests()).isZero();
  }

  @Test
  void aRedirectIsFollowedWithoutCredentials() throws Exception {
    byte[] blob = FakeRegistry.bytes(5000, 11);
    FakeRegistry storage = new FakeRegistry();
    try (storage) {
      String path = registry.blob(blob);
      storage.blob(blob);
      registry.redirect = "http://localhost:" + storage.server.getPort();
      start(config().rule(ProxyRule.parse("plain=direct")));
      String[] secrets = {"Authorization", "Basic c2VjcmV0", "Cookie", "a=b", "X-Secret", "c"};

      assertThat(body(path, secrets)).isEqualTo(blob);
      assertThat(body(path + "?plain", secrets)).isEqualTo(blob);
      try (Response response = head(path)) {
        assertThat(response.header("Content-Length")).isEqualTo("5000");
      }
      assertThat(storage.requests).hasSizeGreaterThanOrEqualTo(2);
      assertThat(storage.requests)
          .allSatisfy(
              request ->
                  assertThat(request.getHeaders().names())
                      .doesNotContain("Authorization", "Cookie", "X-Secret"));
    }
  }

  @Test
  void theProxysOwnTokenStaysAtTheRegistry() throws Exception {
    byte[] blob = FakeRegistry.bytes(5000, 12);
    FakeRegistry storage = new FakeRegistry();
    try (storage) {
      registry.wantTokens("secret");
      String path = registry.blob(blob);
      storage.blob(blob);
      registry.redirect = "http://localhost:" + storage.server.getPort();
      start(config().rule(ProxyRule.parse("plain=direct")));

      assertThat(body(path)).isEqualTo(blob);
      assertThat(body(path + "?plain")).isEqualTo(blob);
      try (Response response = head(path)) {
        assertThat(response.header("Content-Length")).isEqualTo("5000");
      }
      assertThat(registry.last().getHeaders().get("Authorization")).isEqualTo("Bearer secret");
      assertThat(storage.requests)
          .hasSizeGreaterThanOrEqualTo(3)
          .allSatisfy(r -> assertThat(r.getHeaders().get("Authorization")).isNull());
    }
  }

  @Test
  void bytesGoToTheClientWhileTheRestIsMissing() throws Exception {
    byte[] blob = FakeRegistry.bytes(MIB, 13);
    String path = registry.blob(blob);
    FakeStreams swarm = new FakeStreams(blob, 300_000, null);
    start(config().patience(Duration.ofMinutes(1)), ProxyLimits.DEFAULT, swarm);

    try (RawConnection raw = connect().send("GET " + path + " HTTP/1.1\nHost: localhost\n\n")) {
      assertThat(raw.readHead().header("Content-Length")).isEqualTo(Integer.toString(MIB));
      assertThat(raw.read(300_000)).isEqualTo(Arrays.copyOf(blob, 300_000));
      assertThat(swarm.closed.getCount()).isEqualTo(1);
    }
    assertThat(registry.requests).isEmpty();
  }

  @Test
  void aConditionIsLeftToTheRegistry() throws Exception {
    String path = registry.blob(new byte[10]);
    registry.on(path, r -> new MockResponse.Builder().code(304).build());
    start();

    try (Response response = get(path, "If-None-Match", "\"x\"")) {
      assertThat(response.code()).isEqualTo(304);
    }
    assertThat(counts().p2pRequests()).isZero();
  }
}
