package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.testkit.FreePorts;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.proxy.ProxyConfig;
import io.dragonfly.transport.http.proxy.ProxyRule;
import java.util.List;
import mockwebserver3.MockResponse;
import okhttp3.Response;
import org.junit.jupiter.api.Test;

/** The proxy as HTTP_PROXY and HTTPS_PROXY. */
class ProxyModeTest extends ProxyTest {
  private static final byte[] BLOB = FakeRegistry.bytes(300_000, 1);

  @Test
  void aBlobGoesThroughTheSwarmAndAllElseDirectly() throws Exception {
    String blob = registry.blob(BLOB);
    registry.put("/page", "hello".getBytes());
    start();

    try (Response response = through(registry.url(blob))) {
      assertThat(response.body().bytes()).isEqualTo(BLOB);
    }
    try (Response response = through(registry.url("/page?a=%2F"))) {
      assertThat(response.body().string()).isEqualTo("hello");
    }
    assertThat(registry.last().getUrl().encodedQuery()).isEqualTo("a=%2F");
    assertThat(counts().p2pRequests()).isEqualTo(1);
  }

  @Test
  void headersOfTheConnectionStayThere() throws Exception {
    registry.on(
        "/page",
        r ->
            new MockResponse.Builder()
                .addHeader("Connection", "X-Hop")
                .addHeader("X-Hop", "1")
                .addHeader("Keep-Alive", "timeout=5")
                .addHeader("X-End", "2")
                .body("x")
                .build());
    start();
    RawConnection raw =
        connect()
            .send(
                ("GET "
                    + registry.url("/page")
                    + " HTTP/1.1\nHost: localhost\nProxy-Connection: keep-alive\n"
                    + "Proxy-Authorization: Basic eA==\nConnection: X-Mine\nX-Mine: 1\n"
                    + "Upgrade: h2c\nTE: trailers\nX-Kept: 1\n\n"));
    try (raw) {
      RawConnection.Message answer = raw.read();
      assertThat(answer.status()).isEqualTo(200);
      assertThat(answer.header("X-End")).isEqualTo("2");
      assertThat(answer.header("X-Hop")).isEmpty();
      assertThat(answer.header("Keep-Alive")).isEmpty();
      var sent = registry.last().getHeaders();
      assertThat(sent.get("X-Kept")).isEqualTo("1");
      assertThat(sent.names())
          .doesNotContain("Proxy-Connection", "Proxy-Authorization", "X-Mine", "Upgrade", "TE");
      assertThat(sent.get("Host")).isEqualTo(registry.authority());
      // And the connection goes on.
      assertThat(
              raw.send("GET " + registry.url("/page") + " HTTP/1.1\nHost: localhost\n\n")
                  .read()
                  .status())
          .isEqualTo(200);
    }
  }

  @Test
  void requestsThatAreSentAheadAreAnsweredInTheirOrder() throws Exception {
    registry.put("/a", "aa".getBytes());
    registry.put("/b", "bb".getBytes());
    start();
    try (RawConnection raw = connect()) {
      raw.send(
          "GET /a HTTP/1.1\n"
              + "Host: localhost\n\n"
              + "GET /b HTTP/1.1\n"
              + "Host: localhost\n\n"
              + "GET /a HTTP/1.0\n\n");
      assertThat(raw.read().text()).isEqualTo("aa");
      assertThat(raw.read().text()).isEqualTo("bb");
      assertThat(raw.read().text()).isEqualTo("aa");
      assertThat(raw.awaitClose()).isZero();
    }
  }

  @Test
  void rulesSayWhichWay() throws Exception {
    registry.put("/big.rpm", BLOB);
    String blob = registry.blob(BLOB);
    start(
        config()
            .rule(ProxyRule.parse("/secret/=blocked"))
            .rule(ProxyRule.parse("\\.rpm$=p2p"))
            .rule(ProxyRule.parse("/blobs/=direct")));

    try (Response response = through(registry.url("/secret/x"))) {
      assertThat(response.code()).isEqualTo(403);
    }
    try (Response response = through(registry.url("/big.rpm"))) {
      assertThat(response.body().bytes()).isEqualTo(BLOB);
    }
    assertThat(counts().p2pRequests()).isEqualTo(1);
    try (Response response = through(registry.url(blob))) {
      assertThat(response.body().bytes()).isEqualTo(BLOB);
    }
    assertThat(counts().p2pRequests()).isEqualTo(1);
    assertThat(registry.asked("GET", "/secret/x")).isZero();
  }

  @Test
  void aRequestToTheProxyItselfIsRefused() throws Exception {
    start();
    for (String host : List.of("127.0.0.1", "localhost", "0.0.0.0")) {
      String url = "http://" + host + ":" + address().getPort() + "/v2/";
      try (RawConnection raw = connect()) {
        raw.send("GET " + url + " HTTP/1.1\nHost: localhost\n\n");
        assertThat(raw.read().status()).as(host).isEqualTo(508);
      }
    }
    try (RawConnection raw = connect()) {
      raw.send("CONNECT 127.0.0.1:" + address().getPort() + " HTTP/1.1\nHost: localhost\n\n");
      assertThat(raw.read().status()).isEqualTo(508);
    }
  }

  @Test
  void aRequestThatComesBackIsRefusedByItsVia() throws Exception {
    registry.put("/page", "hello".getBytes());
    start();
    through(registry.url("/page")).close();
    String via = registry.last().getHeaders().get("Via");
    registry.requests.clear();

    try (Response response = through(registry.url("/page"), "Via", "1.1 other, " + via)) {
      assertThat(response.code()).isEqualTo(508);
    }
    try (RawConnection raw = connect()) {
      raw.send(
          "CONNECT " + registry.authority() + " HTTP/1.1\nHost: localhost\nVia: " + via + "\n\n");
      assertThat(raw.read().status()).isEqualTo(508);
    }
    assertThat(registry.requests).isEmpty();
    assertThat(counts().tunnels()).isZero();
    try (Response response = through(registry.url("/page"), "Via", "1.1 other")) {
      assertThat(response.code()).isEqualTo(200);
    }
  }

  @Test
  void aRedirectToTheProxyItselfIsALoop() throws Exception {
    String blob = registry.blob(BLOB);
    start(config().patience(java.time.Duration.ofMillis(300)));
    for (String path : List.of("/v2/lab/app/tags/list", blob)) {
      registry.on(
          path, r -> new MockResponse.Builder().code(307).addHeader("Location", url(path)).build());
      try (Response response = get(path)) {
        assertThat(response.code()).as(path).isEqualTo(508);
      }
    }
  }

  @Test
  void credentialsAreForTheirOwnRequestAlone() throws Exception {
    registry.authorization = "Bearer mine";
    registry.challenge =
        "Bearer realm=\"https://auth.example/token\",service=\"a b\",scope=\"x\",error=\"e\"";
    String blob = registry.blob(BLOB);
    String manifest = registry.manifest("1", "{}".getBytes());
    List<String> paths = List.of(blob, manifest, "/v2/lab/app/manifests/1", "/v2/");
    start();

    for (String path : paths) {
      through(registry.url(path), "Authorization", "Bearer mine").close();
      registry.requests.clear();
      try (Response response = through(registry.url(path))) {
        assertThat(response.code()).as(path).isEqualTo(401);
        // Unchanged: a client of a proxy knows whom it asks.
        assertThat(response.headers("WWW-Authenticate")).containsExactly(registry.challenge);
      }
      assertThat(registry.requests)
          .isNotEmpty()
          .allSatisfy(r -> assertThat(r.getHeaders().get("Authorization")).isNull());
    }
    assertThat(counts().tokenRequests()).isZero();
  }

  @Test
  void aTunnelToABlockedHostIsRefused() throws Exception {
    start(config().rule(ProxyRule.parse("^https://127\\.0\\.0\\.1:=blocked")));

    try (RawConnection raw = connect()) {
      raw.send("CONNECT " + registry.authority() + " HTTP/1.1\nHost: localhost\n\n");
      assertThat(raw.read().status()).isEqualTo(403);
    }
    assertThat(counts().tunnels()).isZero();
    assertThat(registry.requests).isEmpty();
  }

  @Test
  void aProxyThatWouldAskItselfDoesNotStart() throws Exception {
    int port = FreePorts.next();
    ProxyConfig.Builder config =
        config()
            .listen(new java.net.InetSocketAddress("127.0.0.1", port))
            .environment(java.util.Map.of("HTTPS_PROXY", "http://127.0.0.1:" + port));

    assertThatThrownBy(() -> start(config)).hasMessageContaining("https_proxy");
  }
}
