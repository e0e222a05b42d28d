package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import okhttp3.Request;
import okhttp3.Response;
import org.junit.jupiter.api.Test;

/** Who logs in, with which credentials, and how often. */
class TokenTest extends ProxyTest {
  private static final byte[] BLOB = FakeRegistry.bytes(200_000, 1);

  @Test
  void aHundredAnonymousPullsCostOneTokenRequest() throws Exception {
    registry.wantTokens("abc");
    String blob = registry.blob(BLOB);
    String manifest = registry.manifest("1", "{}".getBytes());
    start();
    ExecutorService threads = Executors.newFixedThreadPool(20);
    List<Future<Boolean>> pulls = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      pulls.add(
          threads.submit(
              () -> {
                body("/v2/lab/app/manifests/1");
                body(manifest);
                return java.util.Arrays.equals(body(blob), BLOB);
              }));
    }

    for (Future<Boolean> pull : pulls) {
      assertThat(pull.get(60, TimeUnit.SECONDS)).isTrue();
    }
    threads.shutdown();
    assertThat(registry.tokens).hasValue(1);
    assertThat(counts().tokenRequests()).isEqualTo(1);
    assertThat(counts().fallbacks()).isZero();
  }

  @Test
  void aBlobAloneLogsInToo() throws Exception {
    registry.wantTokens("abc");
    String blob = registry.blob(BLOB);
    start();

    assertThat(body(blob)).isEqualTo(BLOB);
    assertThat(counts().p2pRequests()).isEqualTo(1);
  }

  @Test
  void aTokenThatIsRefusedIsNotTheEnd() throws Exception {
    registry.wantTokens("abc");
    String blob = registry.blob(BLOB);
    registry.on("/token", r -> new MockResponse.Builder().code(403).body("no").build());
    start();

    try (Response response = get(blob)) {
      assertSentHere(response);
      assertThat(response.body().string()).contains("UNAUTHORIZED");
    }
  }

  @Test
  void aClientsCredentialsAreItsOwn() throws Exception {
    registry.authorization = "Basic bWU6cHc=";
    registry.challenge = "Basic realm=\"lab\"";
    String blob = registry.blob(BLOB);
    String manifest = registry.manifest("1", "{}".getBytes());
    start();

    assertThat(body(blob, "Authorization", "Basic bWU6cHc=")).isEqualTo(BLOB);
    assertThat(body(manifest, "Authorization", "Basic bWU6cHc=")).isEqualTo("{}".getBytes());
    for (String path : List.of(blob, manifest, "/v2/lab/app/manifests/1")) {
      try (Response response = get(path)) {
        assertThat(response.code()).isEqualTo(401);
        assertThat(response.header("WWW-Authenticate")).isEqualTo("Basic realm=\"lab\"");
      }
      try (Response response = get(path, "Authorization", "Basic b3RoZXI6cHc=")) {
        assertThat(response.code()).isEqualTo(401);
      }
    }
    assertThat(counts().tokenRequests()).isZero();
  }

  @Test
  void theProxysOwnLoginIsForThoseWithoutOne() throws Exception {
    String auth = Base64.getEncoder().encodeToString("bot:pw".getBytes());
    registry.authorization = "Basic " + auth;
    registry.challenge = "Basic realm=\"lab\"";
    String blob = registry.blob(BLOB);
    var file = dir.resolve("config.json");
    Files.writeString(
        file, "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}".formatted(registry.authority(), auth));
    start(config().dockerConfig(file));

    assertThat(body("/v2/")).isEqualTo("{}".getBytes());
    assertThat(body(blob)).isEqualTo(BLOB);
    try (Response response = get(blob, "Authorization", "Basic b3RoZXI6cHc=")) {
      assertThat(response.code()).isEqualTo(401);
    }
  }

  @Test
  void theLoginBuysTheToken() throws Exception {
    String auth = Base64.getEncoder().encodeToString("bot:pw".getBytes());
    registry.wantTokens("abc");
    registry.on(
        "/token",
        r ->
            ("Basic " + auth).equals(r.getHeaders().get("Authorization"))
                ? new MockResponse.Builder().body("{\"access_token\":\"abc\"}").build()
                : new MockResponse.Builder().code(401).build());
    String blob = registry.blob(BLOB);
    var file = dir.resolve("config.json");
    Files.writeString(
        file,
        "{\"auths\":{\"http://%s/v1/\":{\"auth\":\"%s\"}}}".formatted(registry.authority(), auth));
    start(config().dockerConfig(file));

    assertThat(body(blob)).isEqualTo(BLOB);
  }

  @Test
  void theLoginIsLentForPullsAlone() throws Exception {
    registry.wantTokens("abc");
    String auth = Base64.getEncoder().encodeToString("bot:pw".getBytes());
    var file = dir.resolve("config.json");
    Files.writeString(
        file, "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}".formatted(registry.authority(), auth));
    start(config().dockerConfig(file));
    String realm = realm();

    for (String scope : List.of("pull,push", "push", "*")) {
      token(realm + "?scope=repository:lab/app:" + scope);
      assertThat(registry.last().getHeaders().get("Authorization")).as(scope).isNull();
    }
    token(realm + "?scope=repository:lab/app:pull&scope=registry:catalog:*");
    assertThat(registry.last().getHeaders().get("Authorization")).isNull();
    token(realm + "?scope=repository:lab/app:pull");
    assertThat(registry.last().getHeaders().get("Authorization")).isEqualTo("Basic " + auth);
  }

  @Test
  void aTokenThatIsNoLongerTakenIsAskedForAnewOnce() throws Exception {
    String tag = "/v2/lab/app/manifests/1";
    registry.manifest("1", "{}".getBytes());
    String blob = registry.blob(BLOB);
    registry.wantTokens("one");
    stopTime();
    start();
    body(tag);
    advance(Duration.ofSeconds(6));
    registry.wantTokens("two"); // as after a start with another key
    assertThat(body(blob)).isEqualTo(BLOB);
    assertThat(body(tag)).isEqualTo("{}".getBytes());
    assertThat(registry.tokens).hasValue(2);

    // But not again and again, where new ones are refused as well.
    registry.authorization = "Bearer never";
    for (int i = 0; i < 3; i++) {
      get(tag).close();
    }
    assertThat(registry.tokens).hasValue(2);
    advance(Duration.ofSeconds(6));
    for (int i = 0; i < 3; i++) {
      try (Response response = get(tag)) {
        assertSentHere(response);
      }
    }
    assertThat(registry.tokens).hasValue(3);
  }

  @Test
  void aTokenThatWasHandedOutIsGivenNoMoreOnceItIsRefused() throws Exception {
    String tag = "/v2/lab/app/manifests/1";
    registry.manifest("1", "{}".getBytes());
    registry.wantTokens("one");
    start();
    String wanted = realm() + "?service=lab&scope=repository:lab/app:pull";
    token(wanted);
    advance(Duration.ofSeconds(6));
    registry.wantTokens("two");
    token(wanted);
    assertThat(registry.tokens).hasValue(1);

    get(tag, "Authorization", "Bearer one").close();

    try (Response token = client.newCall(new Request.Builder().url(wanted).build()).execute()) {
      assertThat(token.body().string()).contains("\"two\"");
    }
  }

  @Test
  void aRefusalOfTheTokenServiceIsRememberedForAFewSeconds() throws Exception {
    registry.wantTokens("abc");
    String blob = registry.blob(BLOB);
    String manifest = registry.manifest("1", "{}".getBytes());
    registry.on("/token", r -> new MockResponse.Builder().code(403).body("no").build());
    stopTime();
    start();

    pull401(blob, manifest);
    assertThat(registry.asked("GET", "/token")).isEqualTo(1);

    advance(Duration.ofSeconds(31));
    pull401(blob, manifest);
    assertThat(registry.asked("GET", "/token")).isEqualTo(2);
    registry.wantTokens("abc");
    advance(Duration.ofSeconds(31));
    assertThat(body(blob)).isEqualTo(BLOB);
  }

  private void pull401(String blob, String manifest) throws Exception {
    for (String path : List.of("/v2/lab/app/manifests/1", manifest, blob)) {
      try (Response response = get(path)) {
        assertSentHere(response);
      }
    }
  }

  @Test
  void anErrorOfTheTokenServiceIsNotRemembered() throws Exception {
    registry.wantTokens("abc");
    String blob = registry.blob(BLOB);
    registry.on("/token", r -> new MockResponse.Builder().code(500).body("no").build());
    stopTime();
    start();
    get(blob).close();

    registry.wantTokens("abc");
    assertThat(body(blob)).isEqualTo(BLOB);
  }

  private String realm() throws Exception {
    try (Response ping = get("/v2/")) {
      return ping.header("WWW-Authenticate").replaceFirst("^Bearer realm=\"([^\"]+)\".*", "$1");
    }
  }

  private void token(String url) throws Exception {
    client.newCall(new Request.Builder().url(url).build()).execute().close();
  }

  /** docker, podman and skopeo learn from /v2/ where tokens are to be had. */
  @Test
  void clientsThatLogInThemselvesGetTheirTokensHere() throws Exception {
    registry.wantTokens("abc");
    start();
    String realm;
    try (Response ping = get("/v2/")) {
      assertThat(ping.code()).isEqualTo(401);
      String challenge = ping.header("WWW-Authenticate");
      assertThat(challenge).contains(",service=\"lab\"");
      realm = challenge.replaceFirst("^Bearer realm=\"([^\"]+)\".*", "$1");
      assertThat(realm).startsWith(url("/dfdaemon/token/"));
    }

    for (int i = 0; i < 5; i++) {
      Request request =
          new Request.Builder()
              .url(realm + "?service=lab&scope=repository%3Alab%2Fapp%3Apull")
              .build();
      try (Response token = client.newCall(request).execute()) {
        assertThat(token.body().string()).contains("\"abc\"").contains("expires_in");
      }
    }
    assertThat(registry.tokens).hasValue(1);
    Request mine =
        new Request.Builder()
            .url(realm + "?service=lab&scope=repository%3Alab%2Fapp%3Apull")
            .header("Authorization", "Basic bWU6cHc=")
            .build();
    client.newCall(mine).execute().close();
    assertThat(registry.tokens).hasValue(2);
    assertThat(registry.last().getHeaders().get("Authorization")).isEqualTo("Basic bWU6cHc=");
  }

  @Test
  void eachRepositoryHasTokensOfItsOwnScope() throws Exception {
    registry.on(
        "/token",
        r -> {
          String scope = r.getUrl().queryParameter("scope");
          registry.tokens.incrementAndGet();
          return new MockResponse.Builder()
              .body("{\"token\":\"%s\",\"expires_in\":300}".formatted(scope))
              .build();
        });
    List<String> paths = new ArrayList<>();
    for (String repository : List.of("lab/a", "lab/b")) {
      String scope = "repository:" + repository + ":pull";
      for (String kind : List.of("/manifests/1", "/blobs/" + FakeRegistry.digest(BLOB))) {
        String path = registry.put("/v2/" + repository + kind, BLOB);
        paths.add(path);
        registry.on(
            path,
            r ->
                ("Bearer " + scope).equals(r.getHeaders().get("Authorization"))
                    ? null
                    : new MockResponse.Builder()
                        .code(401)
                        .addHeader(
                            "WWW-Authenticate",
                            "Bearer realm=\"%s\",service=\"lab\",scope=\"%s\""
                                .formatted(registry.url("/token"), scope))
                        .build());
      }
    }
    start();

    for (int i = 0; i < 2; i++) {
      for (String path : paths) {
        assertThat(body(path)).as(path).isEqualTo(BLOB);
      }
    }
    assertThat(registry.tokens).hasValue(2);
  }

  @Test
  void aTokenIsAskedForAnewWhenItEnds() throws Exception {
    registry.wantTokens("abc");
    registry.on(
        "/token",
        r -> {
          registry.tokens.incrementAndGet();
          return new MockResponse.Builder().body("{\"token\":\"abc\",\"expires_in\":0}").build();
        });
    registry.manifest("1", "{}".getBytes());
    start();

    body("/v2/lab/app/manifests/1");
    body("/v2/lab/app/manifests/1");

    assertThat(registry.tokens.get()).isGreaterThan(1);
  }
}
