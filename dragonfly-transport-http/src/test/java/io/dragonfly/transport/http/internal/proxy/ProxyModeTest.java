package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.task.Trust;
import io.dragonfly.transport.http.ContainerProxy;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.proxy.ProxyConfig;
import io.dragonfly.transport.http.proxy.ProxyRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.regex.Pattern;
import mockwebserver3.MockResponse;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.tls.Certificates;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The proxy as HTTP_PROXY and HTTPS_PROXY. */
class ProxyModeTest extends ProxyTest {
  private static final byte[] BLOB = FakeRegistry.bytes(300_000, 1);
  private final HeldCertificate theirs =
      new HeldCertificate.Builder()
          .commonName("127.0.0.1")
          .addSubjectAlternativeName("127.0.0.1")
          .addSubjectAlternativeName("localhost")
          .build();

  private Response through(String url, String... headers) throws IOException {
    return call(proxied(), new Request.Builder().url(url), headers);
  }

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
                    + " HTTP/1.1\nHost: x\nProxy-Connection: keep-alive\n"
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
              raw.send("GET " + registry.url("/page") + " HTTP/1.1\nHost: x\n\n").read().status())
          .isEqualTo(200);
    }
  }

  @Test
  void requestsThatAreSentAheadAreAnsweredInTheirOrder() throws Exception {
    registry.put("/a", "aa".getBytes());
    registry.put("/b", "bb".getBytes());
    start();
    try (RawConnection raw = connect()) {
      raw.send("GET /a HTTP/1.1\nHost: x\n\nGET /b HTTP/1.1\nHost: x\n\nGET /a HTTP/1.0\n\n");
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
        raw.send("GET " + url + " HTTP/1.1\nHost: x\n\n");
        assertThat(raw.read().status()).as(host).isEqualTo(508);
      }
    }
    try (RawConnection raw = connect()) {
      raw.send("CONNECT 127.0.0.1:" + address().getPort() + " HTTP/1.1\nHost: x\n\n");
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
      raw.send("CONNECT " + registry.authority() + " HTTP/1.1\nHost: x\nVia: " + via + "\n\n");
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
  void aTunnelIsBlind() throws Exception {
    serveTls();
    start();
    OkHttpClient trusting = trusting(proxied(), theirs.certificate());

    try (Response response = call(trusting, request("/page"))) {
      assertThat(response.body().string()).isEqualTo("hello");
      assertThat(response.handshake().peerCertificates().get(0)).isEqualTo(theirs.certificate());
    }
    assertThat(counts().tunnels()).isEqualTo(1);
    assertThat(registry.last().getHeaders().get("Via")).isNull();
    try (RawConnection raw = connect()) {
      raw.send("CONNECT 127.0.0.1:1 HTTP/1.1\nHost: x\n\n");
      assertThat(raw.read().status()).isEqualTo(502);
    }
  }

  @Test
  void aHostThatIsNamedIsInterceptedWithACertificateForIt() throws Exception {
    serveTls();
    String blob = registry.blob(BLOB);
    ProxyConfig.Builder config = intercepting();
    start(config.trust("127.0.0.1", new Trust(false, List.of(theirs.certificatePem()))));
    X509Certificate ca = Certificates.decodeCertificatePem(ContainerProxy.caCertificate(caFile()));
    OkHttpClient trusting = trusting(proxied(), ca);

    for (int i = 0; i < 2; i++) {
      try (Response response = call(trusting, request(blob))) {
        assertThat(response.body().bytes()).isEqualTo(BLOB);
        X509Certificate shown = (X509Certificate) response.handshake().peerCertificates().get(0);
        assertThat(shown.getSubjectAlternativeNames()).containsExactly(List.of(7, "127.0.0.1"));
      }
    }
    assertThat(counts().p2pRequests()).isEqualTo(2);
    assertThat(counts().tunnels()).isZero();
    try (Response response = call(trusting, request("/page").header("Host", "other.example"))) {
      assertThat(response.code()).isEqualTo(421);
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(caFile())))
        .isEqualTo("rw-------");
  }

  @Test
  void aNameIsInTheCertificateAsAName() throws Exception {
    serveTls();
    start(
        config()
            .intercept(Pattern.compile("^localhost:"))
            .caFile(caFile())
            .trust("localhost", new Trust(true, List.of())));
    X509Certificate ca = Certificates.decodeCertificatePem(ContainerProxy.caCertificate(caFile()));
    String url = "https://localhost:" + registry.server.getPort() + "/page";

    try (Response response = call(trusting(proxied(), ca), new Request.Builder().url(url))) {
      assertThat(response.body().string()).isEqualTo("hello");
      X509Certificate shown = (X509Certificate) response.handshake().peerCertificates().get(0);
      assertThat(shown.getSubjectAlternativeNames()).containsExactly(List.of(2, "localhost"));
    }
  }

  @Test
  void aHostThatNeedNotBeCheckedIsInterceptedWithItsBlobs() throws Exception {
    serveTls();
    String blob = registry.blob(BLOB);
    start(intercepting().trust(registry.authority(), new Trust(true, List.of())));
    X509Certificate ca = Certificates.decodeCertificatePem(ContainerProxy.caCertificate(caFile()));

    try (Response response = call(trusting(proxied(), ca), request(blob))) {
      assertThat(response.body().bytes()).isEqualTo(BLOB);
      assertThat(response.handshake().peerCertificates().get(0)).isNotEqualTo(theirs.certificate());
    }
    assertThat(counts().p2pRequests()).isEqualTo(1);
    assertThat(counts().fallbacks()).isZero();
  }

  @Test
  void aCertificateIsCheckedAgainAfterAWhile() throws Exception {
    serveTls();
    start(intercepting().trust("127.0.0.1", new Trust(true, List.of())));
    X509Certificate ca = Certificates.decodeCertificatePem(ContainerProxy.caCertificate(caFile()));

    for (int seconds : new int[] {0, 59, 61}) {
      advance(java.time.Duration.ofSeconds(seconds));
      call(trusting(alone(), ca), request("/page")).close();
    }
    assertThat(registry.asked("HEAD", "/")).isEqualTo(2);
  }

  /** Returns a client that opens a connection of its own. */
  private OkHttpClient alone() {
    return proxied()
        .newBuilder()
        .addInterceptor(
            chain ->
                chain.proceed(chain.request().newBuilder().header("Connection", "close").build()))
        .build();
  }

  @Test
  void aRuleLeadsToTheSameHostByTls() throws Exception {
    serveTls();
    String blob = registry.blob(BLOB);
    start(
        config()
            .rule(ProxyRule.parse("^http://.*/blobs/=p2p-https"))
            .rule(ProxyRule.parse("^http://.*/page$=direct-https"))
            .trust("127.0.0.1", new Trust(false, List.of(theirs.certificatePem()))));
    String plain = "http://" + registry.authority();

    try (Response response = through(plain + blob)) {
      assertThat(response.body().bytes()).isEqualTo(BLOB);
    }
    assertThat(counts().p2pRequests()).isEqualTo(1);
    try (Response response = through(plain + "/page")) {
      assertThat(response.body().string()).isEqualTo("hello");
    }
    assertThat(registry.requests)
        .isNotEmpty()
        .allSatisfy(r -> assertThat(r.getUrl().scheme()).isEqualTo("https"));
  }

  @Test
  void aRuleThatLeadsToTlsTrustsNoStranger() throws Exception {
    serveTls();
    start(config().rule(ProxyRule.parse("^http://.*/page$=direct-https")));

    try (Response response = through("http://" + registry.authority() + "/page")) {
      assertThat(response.code()).isEqualTo(502);
    }
    assertThat(registry.requests).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRedirectOfABlobIsFollowedAndAnyOtherIsTheClients(boolean intercepted) throws Exception {
    FakeRegistry storage = new FakeRegistry();
    try (storage) {
      serveTls(storage);
      String blob = registry.blob(BLOB);
      storage.blob(BLOB);
      if (intercepted) {
        serveTls();
      }
      registry.redirect = "https://localhost:" + storage.server.getPort();
      String elsewhere = registry.redirect + "/elsewhere";
      registry.on(
          "/page",
          r -> new MockResponse.Builder().code(302).addHeader("Location", elsewhere).build());
      ProxyConfig.Builder config =
          intercepting()
              .trust("127.0.0.1", new Trust(false, List.of(theirs.certificatePem())))
              .trust("localhost", new Trust(false, List.of(theirs.certificatePem())));
      start(config);
      X509Certificate ca =
          Certificates.decodeCertificatePem(ContainerProxy.caCertificate(caFile()));
      OkHttpClient through = intercepted ? trusting(proxied(), ca) : proxied();
      String origin = (intercepted ? "https://" : "http://") + registry.authority();

      String[] secret = {"Authorization", "Basic c2VjcmV0"};
      try (Response response = call(through, new Request.Builder().url(origin + blob), secret)) {
        assertThat(response.code()).isEqualTo(200);
        assertThat(response.body().bytes()).isEqualTo(BLOB);
      }
      assertThat(counts().p2pRequests()).isEqualTo(1);
      assertThat(storage.requests)
          .isNotEmpty()
          .allSatisfy(r -> assertThat(r.getHeaders().get("Authorization")).isNull());
      try (Response response = call(through, new Request.Builder().url(origin + "/page"))) {
        assertThat(response.code()).isEqualTo(302);
        assertThat(response.header("Location")).isEqualTo(elsewhere);
      }
      assertThat(storage.asked("GET", "/elsewhere")).isZero();
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
  void aHostThatIsNotNamedIsNotIntercepted() throws Exception {
    serveTls();
    start(config().intercept(Pattern.compile("^other\\.example:")).caFile(caFile()));

    try (Response response = call(trusting(proxied(), theirs.certificate()), request("/page"))) {
      assertThat(response.body().string()).isEqualTo("hello");
      assertThat(response.handshake().peerCertificates().get(0)).isEqualTo(theirs.certificate());
    }
    assertThat(counts().tunnels()).isEqualTo(1);
    assertThat(registry.last().getHeaders().get("Via")).isNull();
  }

  @Test
  void aTunnelToABlockedHostIsRefused() throws Exception {
    start(config().rule(ProxyRule.parse("^https://127\\.0\\.0\\.1:=blocked")));

    try (RawConnection raw = connect()) {
      raw.send("CONNECT " + registry.authority() + " HTTP/1.1\nHost: x\n\n");
      assertThat(raw.read().status()).isEqualTo(403);
    }
    assertThat(counts().tunnels()).isZero();
    assertThat(registry.requests).isEmpty();
  }

  @Test
  void aHostWhoseCertificateIsNotTrustedIsNotIntercepted() throws Exception {
    serveTls();
    start(intercepting());

    assertThatThrownBy(() -> call(proxied(), request("/page")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("502");
  }

  @Test
  void aTunnelGoesThroughAFartherProxy() throws Exception {
    serveTls();
    start();
    var farther = java.util.Map.of("https_proxy", "http://u:p@127.0.0.1:" + address().getPort());
    try (ProxyServer near =
        ProxyServer.start(
            config().environment(farther).build(),
            ProxyLimits.DEFAULT,
            request -> {
              throw new IllegalStateException();
            })) {
      OkHttpClient through =
          trusting(
              client
                  .newBuilder()
                  .proxy(new java.net.Proxy(java.net.Proxy.Type.HTTP, near.addresses().get("")))
                  .build(),
              theirs.certificate());
      try (Response response = call(through, request("/page"))) {
        assertThat(response.body().string()).isEqualTo("hello");
      }
      assertThat(counts().tunnels()).isEqualTo(1);
    }
  }

  @Test
  void aProxyThatWouldAskItselfDoesNotStart() throws Exception {
    int port;
    try (var socket = new java.net.ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    ProxyConfig.Builder config =
        config()
            .listen(new java.net.InetSocketAddress("127.0.0.1", port))
            .environment(java.util.Map.of("HTTPS_PROXY", "http://127.0.0.1:" + port));

    assertThatThrownBy(() -> start(config)).hasMessageContaining("https_proxy");
  }

  private Request.Builder request(String path) {
    return new Request.Builder().url("https://" + registry.authority() + path);
  }

  private void serveTls() {
    registry.put("/page", "hello".getBytes());
    serveTls(registry);
  }

  private void serveTls(FakeRegistry who) {
    who.server.useHttps(
        new HandshakeCertificates.Builder().heldCertificate(theirs).build().sslSocketFactory());
  }

  private Path caFile() {
    return dir.resolve("ca.pem");
  }

  private ProxyConfig.Builder intercepting() {
    return config().intercept(Pattern.compile("^127\\.0\\.0\\.1:")).caFile(caFile());
  }

  private static OkHttpClient trusting(OkHttpClient client, X509Certificate certificate) {
    HandshakeCertificates trusted =
        new HandshakeCertificates.Builder().addTrustedCertificate(certificate).build();
    return client
        .newBuilder()
        .sslSocketFactory(trusted.sslSocketFactory(), trusted.trustManager())
        .build();
  }
}
