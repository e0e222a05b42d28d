package io.dragonfly.transport.http.internal.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.error.AccessRefusedException;
import io.dragonfly.error.SourceFailedException;
import io.dragonfly.spi.Requester;
import io.dragonfly.spi.SourceConfig;
import io.dragonfly.spi.SourceRequest;
import io.dragonfly.task.ContentRequest;
import io.dragonfly.task.Headers;
import io.dragonfly.task.Trust;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import mockwebserver3.RecordedRequest;
import okhttp3.tls.HandshakeCertificates;
import okhttp3.tls.HeldCertificate;
import org.junit.jupiter.api.Test;

/** Sources behind a proxy that the environment names; the server plays the proxy. */
class HttpSourceProxyTest extends SourceTest {
  private void useProxy(String variable, String user) {
    source.close();
    String proxy = "http://" + user + "127.0.0.1:" + server.getPort();
    source = new HttpSource(new SourceConfig("dragonfly-test"), Map.of(variable, proxy));
  }

  private static ContentRequest content(String url, boolean insecure) {
    return new ContentRequest(
        URI.create(url),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Headers.NONE,
        new Trust(insecure, List.of()));
  }

  @Test
  void anHttpUrlGoesThroughTheProxyWithItsCredentials() throws Exception {
    useProxy("HTTP_PROXY", "user:pa%20ss@");
    enqueue(part("bytes 0-0/3", "x"));
    assertThat(source.ask(request(content("http://host.invalid/file?a=b", false))))
        .isEqualTo(version(TAG, 3));
    RecordedRequest asked = taken();
    assertThat(asked.getTarget()).isEqualTo("http://host.invalid/file?a=b");
    assertThat(asked.getHeaders().get("Proxy-Authorization")).isEqualTo("Basic dXNlcjpwYSBzcw==");
  }

  @Test
  void anHttpsUrlGoesThroughATunnelAndTheHostSeesNothingOfTheProxy() throws Exception {
    useProxy("https_proxy", "user:pass@");
    useTls();
    enqueue(answer(200).inTunnel(), part("bytes 0-0/3", "x"));
    assertThat(source.ask(request(content("https://host.invalid/file", true))))
        .isEqualTo(version(TAG, 3));
    RecordedRequest connect = taken();
    assertThat(connect.getMethod()).isEqualTo("CONNECT");
    assertThat(connect.getHeaders().get("Proxy-Authorization")).startsWith("Basic ");
    assertThat(taken().getHeaders().get("Proxy-Authorization")).isNull();
  }

  private void useTls() {
    HeldCertificate any = new HeldCertificate.Builder().build();
    server.useHttps(
        new HandshakeCertificates.Builder().heldCertificate(any).build().sslSocketFactory());
  }

  @Test
  void theUsersOwnProxyCredentialsGoToTheProxyAndNowhereElse() throws Exception {
    useProxy("http_proxy", "user:pass@");
    ContentRequest content =
        content("http://host.invalid/file", false)
            .withHeaders(Headers.NONE.with("Proxy-Authorization", "Bearer mine"));
    enqueue(part("bytes 0-0/3", "x"));
    source.ask(request(content));
    assertThat(taken().getHeaders().values("Proxy-Authorization")).containsExactly("Bearer mine");

    enqueue(part("bytes 0-0/3", "x"));
    useProxy("other", "");
    source.ask(request("/file", Headers.NONE.with("Proxy-Authorization", "Bearer mine")));
    assertThat(taken().getHeaders().get("Proxy-Authorization")).isNull();
  }

  @Test
  void aProxyThatWantsCredentialsSaysWhich() {
    useProxy("HTTP_PROXY", "");
    enqueue(answer(407).addHeader("Proxy-Authenticate", "Basic realm=\"p\""));
    assertRefused("http://host.invalid/file");
    useProxy("HTTPS_PROXY", "user:wrong@");
    useTls();
    enqueue(answer(407).inTunnel().addHeader("Proxy-Authenticate", "Basic realm=\"p\""));
    assertRefused("https://host.invalid/file");
  }

  private void assertRefused(String url) {
    AccessRefusedException refused =
        failure(AccessRefusedException.class, () -> source.ask(request(content(url, true))));
    assertThat(refused.status()).isEqualTo(407);
    assertThat(refused.challenges()).containsExactly("Basic realm=\"p\"");
    assertThat(refused).hasMessageContaining("proxy").hasMessageNotContaining("wrong");
  }

  @Test
  void aProxyThatIsNoHttpProxyIsAnError() {
    source.close();
    source =
        new HttpSource(
            new SourceConfig("dragonfly-test"), Map.of("http_proxy", "socks5://u:hush@host"));
    assertThatThrownBy(() -> source.ask(request("/file")))
        .isInstanceOf(SourceFailedException.class)
        .hasMessageContaining("HTTP_PROXY names no http proxy")
        .hasMessageNotContaining("hush");
  }

  @Test
  void onBehalfOfAnotherMachineTheProxyIsNotAskedForLocalNames() {
    useProxy("HTTP_PROXY", "");
    for (String host : List.of("localhost", "127.1", "[::1]", "metadata.google.internal")) {
      SourceRequest request =
          new SourceRequest(
              content("http://" + host + "/file", false),
              Duration.ofSeconds(10),
              Requester.PRIVATE_NETWORK);
      assertThatThrownBy(() -> source.ask(request))
          .isInstanceOf(SourceFailedException.class)
          .hasMessageContaining("not read for this client");
    }
    assertThat(server.getRequestCount()).isZero();
  }

  @Test
  void onBehalfOfAnotherMachineTheProxyItselfMayBeAnywhere() throws Exception {
    useProxy("HTTP_PROXY", "");
    enqueue(part("bytes 0-0/3", "x"));
    SourceRequest request =
        new SourceRequest(
            content("http://host.invalid/file", false),
            Duration.ofSeconds(10),
            Requester.PRIVATE_NETWORK);
    assertThat(source.ask(request)).isEqualTo(version(TAG, 3));
  }
}
