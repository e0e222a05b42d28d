package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.proxy.Upstream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import mockwebserver3.MockResponse;
import okhttp3.FormBody;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * containerd learns where tokens are from the 401 of a manifest, not of {@code /v2/}, and asks with
 * a form first if it has a login. Its requests for tokens come here as those of all others do.
 */
class ContainerdLoginTest extends ProxyTest {
  private static final String TAG = "/v2/lab/app/manifests/1";
  private static final String SCOPE = "repository:lab/app:pull";
  private static final byte[] BLOB = FakeRegistry.bytes(200_000, 1);

  private String blob;
  private String manifest;

  /** The token service knows {@code me:pw}, and nobody without a login. */
  @BeforeEach
  void wantLogins() {
    registry.wantTokens("abc");
    blob = registry.blob(BLOB);
    manifest = registry.manifest("1", "{}".getBytes());
    registry.on("/token", r -> isMe(r.getHeaders().get("Authorization")) ? token("abc") : no());
  }

  private static boolean isMe(String authorization) {
    return basic("me", "pw").equals(authorization);
  }

  private static String basic(String user, String password) {
    return "Basic " + Base64.getEncoder().encodeToString((user + ":" + password).getBytes());
  }

  private static MockResponse token(String token) {
    return new MockResponse.Builder()
        .body("{\"token\":\"%s\",\"expires_in\":300}".formatted(token))
        .build();
  }

  private static MockResponse no() {
    return new MockResponse.Builder().code(401).body("{\"details\":\"no\"}").build();
  }

  private String realm(String path) throws IOException {
    try (Response refused = head(path)) {
      assertThat(refused.code()).isEqualTo(401);
      return realm(refused);
    }
  }

  private static String realm(Response refused) {
    return refused.header("WWW-Authenticate").replaceFirst("^Bearer realm=\"([^\"]+)\".*", "$1");
  }

  /** As containerd sends it; the scopes are in one field. */
  private static FormBody.Builder form(String user, String password, String scopes) {
    return new FormBody.Builder()
        .add("client_id", "containerd-client")
        .add("grant_type", "password")
        .add("service", "lab")
        .add("scope", scopes)
        .add("username", user)
        .add("password", password);
  }

  private Response post(String realm, FormBody form) throws IOException {
    return call(client, new Request.Builder().url(realm).post(form));
  }

  /** As containerd sends it: its parameters are in the order of their names. */
  private Response getToken(String realm, String... headers) throws IOException {
    return call(
        client, new Request.Builder().url(realm + "?scope=" + SCOPE + "&service=lab"), headers);
  }

  private long asked(String method, String authorization) {
    return registry.requests.stream()
        .filter(r -> r.getUrl().encodedPath().equals("/token") && r.getMethod().equals(method))
        .filter(r -> authorization.equals(String.valueOf(r.getHeaders().get("Authorization"))))
        .count();
  }

  @Test
  void everyRefusedReadNamesTheMirrorForTokensAndTheScopeOfTheRegistry() throws Exception {
    registry.challenge += ",error=\"insufficient_scope\"";
    start();

    for (String path : List.of(TAG, manifest, blob, "/v2/lab/app/tags/list", "/v2/")) {
      for (String method : List.of("GET", "HEAD")) {
        Request.Builder request = new Request.Builder().url(url(path)).method(method, null);
        for (String[] headers : new String[][] {{}, {"Authorization", "Bearer other"}}) {
          try (Response refused = call(client, request, headers)) {
            assertThat(refused.code()).isEqualTo(401);
            assertThat(refused.headers("WWW-Authenticate")).as(method + path).hasSize(1);
            assertThat(refused.header("WWW-Authenticate"))
                .as(method + path)
                .startsWith("Bearer realm=\"" + url("/dfdaemon/token/"))
                .endsWith(
                    "\",service=\"lab\",scope=\"" + SCOPE + "\",error=\"insufficient_scope\"");
          }
        }
      }
    }
  }

  @Test
  void aPullWithALoginCostsOneTokenRequestAndOneThatIsRefused() throws Exception {
    start();
    String realm = realm(TAG);
    for (String path : List.of(TAG, manifest, blob, blob)) { // each begins without a token
      get(path).close();
      try (Response answer = post(realm, form("me", "pw", SCOPE).build())) {
        assertThat(answer.code()).isEqualTo(200);
        JsonNode json = new ObjectMapper().readTree(answer.body().string());
        assertThat(json.get("access_token").asText()).isEqualTo("abc");
        assertThat(json.get("expires_in").asInt()).isBetween(1, 300);
      }
      assertThat(body(path, "Authorization", "Bearer abc")).isNotEmpty();
    }
    getToken(realm, "Authorization", basic("me", "pw")).close();

    assertThat(asked("GET", "null")).isEqualTo(1);
    assertThat(asked("GET", basic("me", "pw"))).isEqualTo(1);
    assertThat(asked("POST", "null")).isZero();
  }

  @Test
  void aWrongPasswordCostsOneRefusedRequestAndTheRightOneIsUsedAtOnce() throws Exception {
    stopTime();
    start();
    String realm = realm(TAG);
    for (int i = 0; i < 3; i++) {
      post(realm, form("me", "wrong", SCOPE).build()).close();
      try (Response answer = getToken(realm, "Authorization", basic("me", "wrong"))) {
        assertThat(answer.code()).isEqualTo(401);
      }
    }
    assertThat(asked("GET", basic("me", "wrong"))).isEqualTo(1);

    try (Response answer = post(realm, form("me", "pw", SCOPE).build())) {
      assertThat(answer.code()).isEqualTo(200);
    }
  }

  @Test
  void aRefusalIsRememberedLongerThanAShortPullTakes() throws Exception {
    stopTime();
    start();
    String realm = realm(TAG);
    for (int i = 0; i < 7; i++) {
      advance(Duration.ofSeconds(4));
      get(blob).close();
      try (Response answer = getToken(realm)) { // asks for the same in another order
        assertThat(answer.code()).isEqualTo(401);
      }
    }
    assertThat(asked("GET", "null")).isEqualTo(1);

    advance(Duration.ofSeconds(3));
    get(blob).close();
    assertThat(asked("GET", "null")).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "grant_type=refresh_token&refresh_token=mine&service=lab",
        "grant_type=password&username=me&password=pw&service=lab&access_type=offline",
        "grant_type=password&username=me&service=lab",
        "grant_type=password&username=a%3Ab&password=pw&service=lab",
        "no form",
        ""
      })
  void aFormThatIsNoPlainLoginIsPassedOnAsItIs(String form) throws Exception {
    registry.on(
        "/token",
        r ->
            r.getMethod().equals("POST")
                ? new MockResponse.Builder().body("{\"refresh_token\":\"x\"}").build()
                : no());
    start();
    String realm = realm(TAG);
    Request.Builder request =
        new Request.Builder()
            .url(realm)
            .post(
                RequestBody.create(
                    form, MediaType.get("application/x-www-form-urlencoded; charset=utf-8")));

    try (Response answer = call(client, request)) {
      assertThat(answer.body().string()).isEqualTo("{\"refresh_token\":\"x\"}");
    }
    assertThat(registry.last().getBody().utf8()).isEqualTo(form);
    assertThat(registry.last().getHeaders().get("Content-Type"))
        .startsWith("application/x-www-form-urlencoded");
  }

  @Test
  void whatIsTooLongForAFormIsRefused() throws Exception {
    start();
    String realm = realm(TAG);
    try (Response answer = post(realm, form("me", "p".repeat(70_000), SCOPE).build())) {
      assertThat(answer.code()).isEqualTo(413);
    }
    assertThat(asked("POST", "null")).isZero();
  }

  @Test
  void aFormIsWaitedForWhereItsClientExpectsThat() throws Exception {
    start();
    String path = HttpUrl.get(realm(TAG)).encodedPath();
    String form = "grant_type=password&username=me&password=pw&service=lab&scope=" + SCOPE;
    try (RawConnection raw = connect()) {
      raw.send(
          "POST %s HTTP/1.1\nHost: localhost\nExpect: 100-continue\nContent-Length: %d\n"
                  .formatted(path, form.length())
              + "Content-Type: application/x-www-form-urlencoded\n\n");
      assertThat(raw.readHead().status()).isEqualTo(100);
      assertThat(raw.send(form).read().text()).contains("\"access_token\":\"abc\"");
    }
  }

  @Test
  void eightAskATokenServiceAtOnce() throws Exception {
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch eight = new CountDownLatch(8);
    CountDownLatch goOn = new CountDownLatch(1);
    start();
    String realm = realm(TAG);
    registry.on(
        "/token",
        r -> {
          most.accumulateAndGet(running.incrementAndGet(), Math::max);
          eight.countDown();
          await(goOn);
          running.decrementAndGet();
          return token("abc");
        });
    ExecutorService threads = Executors.newFixedThreadPool(20);
    List<Future<Integer>> asked = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      FormBody form = form("me", "pw", "repository:lab/" + i + ":pull").build();
      asked.add(
          threads.submit(
              () -> {
                try (Response answer = post(realm, form)) {
                  return answer.code();
                }
              }));
    }

    await(eight);
    goOn.countDown();
    for (Future<Integer> each : asked) {
      assertThat(each.get(60, TimeUnit.SECONDS)).isEqualTo(200);
    }
    threads.shutdown();
    assertThat(most).hasValue(8);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(60, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aClientOfAnotherMachineIsSentToTheRegistrysOwnService() throws Exception {
    start();
    comeFromOtherMachines();
    for (String path : List.of(TAG, manifest, blob)) {
      try (Response refused = get(path)) {
        assertThat(refused.header("WWW-Authenticate")).isEqualTo(registry.challenge);
      }
    }
  }

  @Test
  void anUploadIsSentToTheRegistrysOwnService() throws Exception {
    start();
    Request.Builder upload =
        new Request.Builder()
            .url(url("/v2/lab/app/blobs/uploads/"))
            .post(RequestBody.create(new byte[0]));
    try (Response refused = call(client, upload)) {
      assertThat(refused.header("WWW-Authenticate")).isEqualTo(registry.challenge);
    }
  }

  /** Its login is for the registry, not for whom the registry's blobs are read from. */
  @Test
  void aStoreThatBlobsAreRedirectedToNamesNoTokenServiceHere() throws Exception {
    FakeRegistry store = new FakeRegistry();
    try (store) {
      store.authorization = "Bearer never";
      store.challenge = "Bearer realm=\"%s\",service=\"lab\"".formatted(store.url("/token"));
      registry.authorization = "";
      registry.redirect = store.url("");
      start();
      for (Request.Builder request :
          List.of(
              new Request.Builder().url(url(blob)), new Request.Builder().url(url(blob)).head())) {
        try (Response refused = call(client, request)) {
          assertThat(refused.code()).isEqualTo(401);
          assertThat(refused.header("WWW-Authenticate")).isEqualTo(store.challenge);
        }
      }
    }
  }

  /**
   * An image is named {@code HOST/own/lab/app}, and containerd adds what it takes for the
   * repository to the scope of the challenge.
   */
  @Test
  void aRepositoryBelowTheNameOfAnUpstreamIsAskedForByItsOwnName() throws Exception {
    start(config().upstream(Upstream.parse("own=" + registry.url(""))));
    String realm = realm("/v2/own/lab/app/manifests/1");
    String scopes = SCOPE + " repository:own/lab/app:pull";

    try (Response answer = post(realm, form("me", "pw", scopes).build())) {
      assertThat(answer.code()).isEqualTo(200);
    }
    assertThat(registry.last().getUrl().queryParameterValues("scope")).containsExactly(SCOPE);
    getToken(realm, "Authorization", basic("me", "pw")).close();
    assertThat(asked("GET", basic("me", "pw"))).isEqualTo(1);

    // What may be the name of one that the registry has is left as it is.
    post(realm, form("me", "pw", "repository:own/lab/app:pull").build()).close();
    assertThat(registry.last().getUrl().queryParameterValues("scope"))
        .containsExactly("repository:own/lab/app:pull");
    post(realm(TAG), form("me", "pw", scopes).build()).close();
    assertThat(registry.last().getUrl().queryParameterValues("scope"))
        .containsExactly(SCOPE, "repository:own/lab/app:pull");
  }
}
