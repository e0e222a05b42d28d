package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.spi.Requester;
import io.dragonfly.task.Trust;
import io.dragonfly.transport.http.internal.reach.AddressGuard;
import io.dragonfly.transport.http.internal.reach.Proxies;
import io.dragonfly.transport.http.proxy.ProxyConfig;
import io.dragonfly.transport.http.proxy.ProxyRule;
import io.dragonfly.transport.http.proxy.Upstream;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import okhttp3.Dns;
import okhttp3.HttpUrl;
import okhttp3.Request;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RoutingTest {
  private static final RequestOrigin HERE = arrival(Requester.THIS_MACHINE);
  private static final RequestOrigin ELSEWHERE = arrival(Requester.PRIVATE_NETWORK);
  private static final String DIGEST = "sha256:" + "ab".repeat(32);

  private final ProxyConfig.Builder config =
      ProxyConfig.builder()
          .environment(Map.of())
          .upstream(Upstream.parse("quay=https://quay.io"))
          .upstream(Upstream.parse("lab=http://lab.example:5000"))
          .trust("own.example:8443", new Trust(true, List.of()))
          .trust("docker.io", new Trust(true, List.of()))
          .plainHttp("plain.example");

  private static RequestOrigin arrival(Requester requester) {
    return new RequestOrigin(
        Optional.empty(), Optional.empty(), requester, InetAddress.getLoopbackAddress());
  }

  private Routing routing() {
    ProxyConfig built = config.build();
    return new Routing(built, new Hosts(built));
  }

  private Target target(String uri, RequestOrigin arrival) throws ProxyRefusal {
    return routing().target(uri, new DefaultHttpHeaders(), arrival);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/v2/a/b/blobs/x?y=1 | https://registry-1.docker.io/v2/a/b/blobs/x?y=1",
        "/v2/quay/a/manifests/1 | https://quay.io/v2/a/manifests/1",
        "/v2/quay/ | https://quay.io/v2/",
        "/v2/quay | https://quay.io/v2/",
        "/v2/quayish/a | https://registry-1.docker.io/v2/quayish/a",
        "/v2/a?ns=docker.io | https://registry-1.docker.io/v2/a",
        "/v2/a?x=1&ns=ghcr.io&y=2 | https://ghcr.io/v2/a?x=1&y=2",
        "/v2/a?ns=lab.example:5000 | http://lab.example:5000/v2/a",
        "/v2/a?ns=plain.example | http://plain.example/v2/a",
        "/v2/a?ns=plain.example%3A81 | http://plain.example:81/v2/a",
        "/v2/a?ns=localhost:5000 | http://localhost:5000/v2/a",
        "/v2/a?ns=own.example:8443 | https://own.example:8443/v2/a",
        "http://u:p@host/x?a=%2F#f | http://host/x?a=%2F",
        "HTTPS://host/x | https://host/x"
      })
  void aRequestLeadsSomewhere(String uri, String url) throws ProxyRefusal {
    assertThat(target(uri, HERE).url()).hasToString(url);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"*", "x", "ftp://a/b", "/v2/?ns=a/b", "/v2/?ns=a%40b", "/v2/?ns=%zz", "http://"})
  void whatLeadsNowhereIsRefused(String uri) {
    assertThatThrownBy(() -> target(uri, HERE)).isInstanceOf(ProxyRefusal.class);
  }

  @Test
  void certificatesAreThoseOfTheHost() throws ProxyRefusal {
    assertThat(target("/v2/?ns=own.example:8443", HERE).trust().insecure()).isTrue();
    assertThat(target("/v2/?ns=own.example:8444", HERE).trust()).isEqualTo(Trust.PLATFORM);
    assertThat(target("/v2/?ns=index.docker.io", HERE).trust().insecure()).isTrue();
  }

  @Test
  void whatIsInterceptedLeadsToTheTunnelsHostAlone() throws ProxyRefusal {
    RequestOrigin tunnel = HERE.through(new Authority("host.example", 443));
    HttpHeaders headers = new DefaultHttpHeaders();
    headers.set("Host", "Host.example");

    assertThat(routing().target("/x", headers, tunnel).url()).hasToString("https://host.example/x");
    headers.set("Host", "other.example");
    assertThatThrownBy(() -> routing().target("/x", headers, tunnel))
        .isInstanceOf(ProxyRefusal.class);
  }

  @Test
  void addressesAreGuardedForOtherMachinesButForConfiguredRegistries() throws Exception {
    config.registry(URI.create("http://127.0.0.1:5000"));
    assertThat(target("/v2/x", ELSEWHERE).guarded()).isFalse();
    assertThat(target("/v2/lab/x", ELSEWHERE).guarded()).isFalse();
    assertThat(target("/v2/x?ns=ghcr.io", ELSEWHERE).guarded()).isTrue();
    assertThat(target("http://host/", ELSEWHERE).guarded()).isTrue();
    assertThat(target("http://host/", HERE).guarded()).isFalse();

    try (DirectCalls calls =
        new DirectCalls(
            new Proxies(Map.of()), new OwnAddresses(), Duration.ofSeconds(5), Dns.SYSTEM)) {
      for (String host : List.of("127.0.0.1", "localhost", "169.254.169.254", "[::1]")) {
        Target target = target("http://" + host + ":1/", ELSEWHERE);
        Request request = new Request.Builder().url(target.url()).build();
        assertThatThrownBy(() -> calls.create(target, request).execute())
            .as(host)
            .isInstanceOf(IOException.class)
            .satisfiesAnyOf(
                e -> assertThat(e).isInstanceOf(AddressGuard.RefusedException.class),
                e -> assertThat(e).hasCauseInstanceOf(AddressGuard.RefusedException.class));
      }
    }
  }

  @Test
  void onlyAGetOfAContentAsItIsTakesTheSwarm() throws ProxyRefusal {
    Target blob = target("/v2/a/blobs/" + DIGEST, HERE);

    assertThat(way("GET", blob)).isEqualTo(ProxyRule.Way.P2P);
    assertThat(way("GET", blob, "Range", "bytes=5-")).isEqualTo(ProxyRule.Way.P2P);
    assertThat(way("HEAD", blob)).isEqualTo(ProxyRule.Way.DIRECT);
    assertThat(way("GET", blob, "Range", "bytes=1-2,4-5")).isEqualTo(ProxyRule.Way.DIRECT);
    assertThat(way("GET", blob, "If-Range", "\"x\"")).isEqualTo(ProxyRule.Way.DIRECT);
    assertThat(way("GET", target("/v2/a/manifests/latest", HERE))).isEqualTo(ProxyRule.Way.DIRECT);
  }

  private ProxyRule.Way way(String method, Target target, String... headers) {
    HttpHeaders all = new DefaultHttpHeaders();
    for (int i = 0; i < headers.length; i += 2) {
      all.add(headers[i], headers[i + 1]);
    }
    return routing().decide(method, all, target).way();
  }

  @Test
  void theFirstRuleThatFitsHolds() throws ProxyRefusal {
    config
        .rule(ProxyRule.parse("^http://old/=direct-https"))
        .rule(ProxyRule.parse("old=blocked"))
        .rule(ProxyRule.parse("^https://blocked\\.example=blocked"));
    Target target = target("http://old/x", HERE);

    Routing.Decision decision = routing().decide("GET", new DefaultHttpHeaders(), target);
    assertThat(decision.way()).isEqualTo(ProxyRule.Way.DIRECT);
    assertThat(decision.target().url()).isEqualTo(HttpUrl.get("https://old/x"));
    assertThat(way("POST", target("http://very.old/", HERE))).isEqualTo(ProxyRule.Way.BLOCKED);
    assertThat(routing().isBlocked(new Authority("blocked.example", 443))).isTrue();
    assertThat(routing().isBlocked(new Authority("other.example", 443))).isFalse();
  }

  /** As the page of the proxy tells how to name one host. */
  @ParameterizedTest
  @CsvSource({
    "^https://own\\.example/, https://own.example/v2/, true",
    "^https://own\\.example/, https://own.example:443/v2/, true",
    "^https://own\\.example/, https://own.example:8443/v2/, false",
    "^https://own\\.example/, https://own.example.evil.net/v2/, false",
    "^https://own\\.example/, https://evil.net/?x=https://own.example/, false",
    "^https?://own\\.example(:\\d+)?/, https://own.example:8443/v2/, true",
    "^https?://own\\.example(:\\d+)?/, https://own.example.evil.net/, false",
    "own.example, https://own.example.evil.net/v2/, true",
    "own.example, https://evil.net/own-example, true"
  })
  void aRuleMeansOneHostIfItsExpressionEndsTheHost(String regex, String url, boolean isBlocked)
      throws ProxyRefusal {
    config.rule(ProxyRule.parse(regex + "=blocked"));

    assertThat(way("GET", target(url, HERE)) == ProxyRule.Way.BLOCKED).isEqualTo(isBlocked);
    if (!url.contains("own-")) { // a tunnel has no path
      URI uri = URI.create(url);
      Authority tunnel = Authority.parse(uri.getRawAuthority(), 443).orElseThrow();
      assertThat(routing().isBlocked(tunnel)).isEqualTo(isBlocked);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "registry.example.com ; registry.example.com:443 ; true",
        "registry.example.com ; registry.example.com.evil.net:443 ; false",
        "registry.example.com ; evil-registry.example.com:443 ; false",
        "^registry\\.example\\.com ; registry.example.com.evil.net:443 ; false",
        "registry\\.example\\.com:443 ; registry.example.com:443 ; true",
        "registry\\.example\\.com:443 ; registry.example.com:4433 ; false",
        "^(quay\\.io|.*\\.quay\\.io):443$ ; cdn.quay.io:443 ; true",
        "^(quay\\.io|.*\\.quay\\.io):443$ ; quay.io.evil.net:443 ; false",
        "\\[::1] ; [::1]:443 ; true"
      })
  void anExpressionForInterceptionFitsTheWholeName(
      String regex, String authority, boolean intercepted) {
    config.intercept(ProxyRule.regex(regex)).caFile(Path.of("ca.pem"));

    assertThat(routing().isIntercepted(Authority.parse(authority, 443).orElseThrow()))
        .isEqualTo(intercepted);
  }
}
