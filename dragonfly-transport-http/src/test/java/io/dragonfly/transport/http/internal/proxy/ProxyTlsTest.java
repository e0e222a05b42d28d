package io.dragonfly.transport.http.internal.proxy;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.task.Trust;
import io.dragonfly.transport.http.ContainerProxy;
import io.dragonfly.transport.http.RawConnection;
import io.dragonfly.transport.http.proxy.ProxyConfig;
import io.dragonfly.transport.http.proxy.ProxyRule;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.regex.Pattern;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
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

/** What the proxy does with TLS: tunnels, interception, and rules that lead to it. */
class ProxyTlsTest extends ProxyTest {
  private static final byte[] BLOB = FakeRegistry.bytes(300_000, 1);
  private final HeldCertificate theirs =
      new HeldCertificate.Builder()
          .commonName("127.0.0.1")
          .addSubjectAlternativeName("127.0.0.1")
          .addSubjectAlternativeName("localhost")
          .build();

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
            .intercept(Pattern.compile("localhost"))
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
    stopTime();
    start(intercepting().trust("127.0.0.1", new Trust(true, List.of())));
    X509Certificate ca = Certificates.decodeCertificatePem(ContainerProxy.caCertificate(caFile()));

    for (int seconds : new int[] {0, 59, 61}) {
      advance(java.time.Duration.ofSeconds(seconds));
      call(trusting(alone(), ca), request("/page")).close();
    }
    assertThat(registry.asked("HEAD", "/")).isEqualTo(2);
  }

  @Test
  void tlsThatBeginsRightBehindConnectIsIntercepted() throws Exception {
    serveTls();
    start(intercepting().trust("127.0.0.1", new Trust(true, List.of())));
    SSLEngine engine = SSLContext.getDefault().createSSLEngine();
    engine.setUseClientMode(true);
    ByteBuffer hello = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
    assertThat(engine.wrap(ByteBuffer.allocate(0), hello).bytesProduced()).isPositive();
    hello.flip();
    byte[] connect =
        "CONNECT %s HTTP/1.1\r\nHost: x\r\n\r\n".formatted(registry.authority()).getBytes(US_ASCII);
    ByteBuffer all = ByteBuffer.allocate(connect.length + hello.remaining());
    all.put(connect).put(hello);

    try (RawConnection raw = connect().send(all.array())) {
      assertThat(raw.read().status()).isEqualTo(200);
      assertThat(raw.read(1)).containsExactly(22); // a handshake, as an answer to the client's
    }
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
  void aHostThatIsNotNamedIsNotIntercepted() throws Exception {
    serveTls();
    start(config().intercept(Pattern.compile("other\\.example")).caFile(caFile()));

    try (Response response = call(trusting(proxied(), theirs.certificate()), request("/page"))) {
      assertThat(response.body().string()).isEqualTo("hello");
      assertThat(response.handshake().peerCertificates().get(0)).isEqualTo(theirs.certificate());
    }
    assertThat(counts().tunnels()).isEqualTo(1);
    assertThat(registry.last().getHeaders().get("Via")).isNull();
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
            new ProxyServer.Peer(
                request -> {
                  throw new IllegalStateException();
                },
                bytes -> 0))) {
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
    return config().intercept(Pattern.compile("127\\.0\\.0\\.1")).caFile(caFile());
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
