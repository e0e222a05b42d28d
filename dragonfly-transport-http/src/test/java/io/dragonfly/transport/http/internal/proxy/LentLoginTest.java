package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import mockwebserver3.MockResponse;
import mockwebserver3.RecordedRequest;
import okhttp3.Request;
import okhttp3.Response;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The proxy's own login is lent for pulls of clients of this machine, and for nothing else. */
class LentLoginTest extends ProxyTest {
  private static final String AUTH =
      "Basic " + Base64.getEncoder().encodeToString("bot:pw".getBytes());
  private static final String PULL = "?service=lab&scope=repository:lab/app:pull";

  @BeforeEach
  void wantTokens() {
    registry.wantTokens("abc");
  }

  private Path logins() throws Exception {
    return Files.writeString(
        dir.resolve("config.json"),
        "{\"auths\":{\"%s\":{\"auth\":\"%s\"}}}"
            .formatted(registry.authority(), AUTH.substring("Basic ".length())));
  }

  private String realm() throws Exception {
    try (Response ping = get("/v2/")) {
      return ping.header("WWW-Authenticate").replaceFirst("^Bearer realm=\"([^\"]+)\".*", "$1");
    }
  }

  private String token(String url) throws Exception {
    try (Response answer = client.newCall(new Request.Builder().url(url).build()).execute()) {
      return answer.body().string();
    }
  }

  private RecordedRequest lastTokenRequest() {
    return registry.requests.stream()
        .filter(r -> r.getUrl().encodedPath().equals("/token"))
        .reduce((one, next) -> next)
        .get();
  }

  @Test
  void theTokenServiceSeesServiceAndScopeAndNothingElseOfTheClientsQuery() throws Exception {
    start(config().dockerConfig(logins()));

    token(realm() + PULL + "&offline_token=true&client_id=x&account=other&service=second");

    assertThat(registry.last().getHeaders().get("Authorization")).isEqualTo(AUTH);
    assertThat(registry.last().getUrl().query())
        .isEqualTo("service=lab&scope=repository:lab/app:pull");
  }

  @Test
  void manyRepositoriesArePulledWithOneToken() throws Exception {
    start(config().dockerConfig(logins()));

    token(realm() + "?scope=repository:a:pull%20repository:b:pull&scope=repository:c/d-e.f_g:pull");

    assertThat(registry.last().getHeaders().get("Authorization")).isEqualTo(AUTH);
    assertThat(registry.last().getUrl().queryParameterValues("scope"))
        .containsExactly("repository:a:pull", "repository:b:pull", "repository:c/d-e.f_g:pull");
  }

  /** The reference implementation splits at the first two colons: what is left are the actions. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "?scope=repository:x:push,y:pull",
        "?scope=repository:x:pull,push",
        "?scope=repository:x:push,pull",
        "?scope=repository:x:*",
        "?scope=repository:host:5000/x:pull",
        "?scope=repository::pull",
        "?scope=repository:x:pull%20repository:x:push",
        "?scope=repository:x:pull&scope=repository:x:push",
        "?scope=repository:x:pull&scope=",
        "?scope=registry:catalog:pull",
        "?scope=repository:x%22:pull",
        "?scope=pull",
        "?service=lab",
        ""
      })
  void whatIsNotJustAPullGetsNoLogin(String query) throws Exception {
    start(config().dockerConfig(logins()));

    token(realm() + query);

    assertThat(lastTokenRequest().getHeaders().get("Authorization")).isNull();
  }

  @Test
  void onlyTheTokenAndItsExpiryAreHandedOut() throws Exception {
    registry.on(
        "/token",
        r ->
            new MockResponse.Builder()
                .body(
                    "{\"access_token\":\"abc\",\"refresh_token\":\"for ever\",\"expires_in\":300,"
                        + "\"issued_at\":\"2020-01-01T00:00:00Z\",\"scope\":\"all\"}")
                .build());
    stopTime();
    start(config().dockerConfig(logins()));
    String url = realm() + PULL;
    token(url);
    advance(Duration.ofSeconds(100));

    JsonNode json = new ObjectMapper().readTree(token(url));

    assertThat(json.fieldNames())
        .toIterable()
        .containsExactlyInAnyOrder("token", "access_token", "expires_in", "issued_at");
    assertThat(json.get("token").asText()).isEqualTo("abc");
    assertThat(json.get("access_token").asText()).isEqualTo("abc");
    // A tenth is kept back, and 100 s are over.
    assertThat(json.get("expires_in").asInt()).isEqualTo(170);
    assertThat(Instant.parse(json.get("issued_at").asText())).isAfter(Instant.now());
    assertThat(registry.asked("GET", "/token")).isEqualTo(1);
  }

  @Test
  void aClientsOwnRefreshTokenIsItsOwn() throws Exception {
    registry.on(
        "/token",
        r ->
            new MockResponse.Builder()
                .body("{\"token\":\"abc\",\"refresh_token\":\"mine\"}")
                .build());
    start(config().dockerConfig(logins()));
    Request.Builder mine =
        new Request.Builder()
            .url(realm() + PULL + "&offline_token=true")
            .header("Authorization", "Basic bWU6cHc=");

    try (Response answer = call(client, mine)) {
      assertThat(answer.body().string()).contains("mine");
    }
    assertThat(registry.last().getUrl().queryParameter("offline_token")).isEqualTo("true");
  }

  @Test
  void aClientOfAnotherMachineGetsNoLogin() throws Exception {
    start(config().dockerConfig(logins()));
    String realm = realm();
    comeFromOtherMachines();

    token(realm + PULL);

    assertThat(registry.last().getHeaders().get("Authorization")).isNull();
  }

  @Test
  void aMirrorDoesNotLogInForAClientOfAnotherMachine() throws Exception {
    registry.authorization = AUTH;
    registry.challenge = "Basic realm=\"lab\"";
    String blob = registry.blob(FakeRegistry.bytes(1000, 1));
    registry.manifest("1", "{}".getBytes());
    start(config().dockerConfig(logins()));
    List<String> paths = List.of(blob, "/v2/lab/app/manifests/1", "/v2/");
    for (String path : paths) {
      body(path); // so that it is known what the registry wants
    }
    comeFromOtherMachines();

    for (String path : paths) {
      try (Response response = get(path)) {
        assertThat(response.code()).as(path).isEqualTo(401);
      }
    }
  }

  @Test
  void onlyGetAndPostAskForTokens() throws Exception {
    start(config().dockerConfig(logins()));
    String realm = realm();
    long before = registry.asked("HEAD", "/token");

    for (String method : List.of("HEAD", "DELETE")) {
      try (Response answer =
          call(client, new Request.Builder().url(realm + PULL).method(method, null))) {
        assertThat(answer.code()).as(method).isEqualTo(405);
      }
    }
    assertThat(registry.asked("HEAD", "/token")).isEqualTo(before);
  }

  @Test
  void theRegistryThatNamesARealmFirstDoesNotDecideWhoseLoginIsUsed() throws Exception {
    FakeRegistry foreign = new FakeRegistry();
    try (foreign) {
      foreign.authorization = "Bearer x";
      foreign.challenge = registry.challenge;
      start(config().dockerConfig(logins()));
      String theirs;
      try (Response ping = get("/v2/?ns=" + foreign.authority())) {
        theirs = ping.header("WWW-Authenticate").replaceFirst(".*?\"([^\"]+)\".*", "$1");
      }

      token(realm() + PULL);
      assertThat(registry.last().getHeaders().get("Authorization")).isEqualTo(AUTH);

      token(theirs + PULL + "x");
      assertThat(registry.last().getHeaders().get("Authorization")).isNull();
    }
  }
}
