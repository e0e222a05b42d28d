package io.dragonfly.transport.http.internal.reach;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import okhttp3.HttpUrl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProxiesTest {
  private static boolean isProxied(String exceptions, String url) {
    return new Proxies(Map.of("http_proxy", "proxy:3128", "NO_PROXY", exceptions))
        .forUrl(HttpUrl.get(url))
        .isPresent();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | http://host/ | true",
        "* | http://host/ | false",
        "example.com | http://example.com/ | false",
        "example.com | http://a.b.example.com/ | false",
        ".example.com | http://example.com/ | false",
        "EXAMPLE.com | http://a.Example.COM:8080/ | false",
        "example.com | http://notexample.com/ | true",
        "ple.com | http://example.com/ | true",
        "a, example.com b | http://example.com/ | false",
        "10.0.0.1 | http://10.0.0.1/ | false",
        "10.0.0.1 | http://10.0.0.11/ | true",
        "10.0.0.0/8 | http://10.200.3.4/ | false",
        "10.0.0.0/8 | http://11.0.0.1/ | true",
        "10.0.0.0/33x | http://10.0.0.1/ | true",
        "10.0.0.0/8 | http://10.example.com/ | true",
        "[::1] | http://[::1]/ | false",
        "fd00::/8 | http://[fd12::1]/ | false",
        "fd00::/8 | http://10.0.0.1/ | true",
        "0.0.1 | http://10.0.0.1/ | true",
      })
  void exceptionsAreReadAsCurlReadsThem(String exceptions, String url, boolean isProxied) {
    assertThat(isProxied(exceptions, url)).isEqualTo(isProxied);
  }

  @Test
  void eachSchemeHasItsOwn() {
    Proxies proxies =
        new Proxies(Map.of("HTTPS_PROXY", "http://[fd00::1]:3128/", "http_proxy", ""));
    assertThat(proxies.forUrl(HttpUrl.get("http://host/"))).isEmpty();
    assertThat(proxies.forUrl(HttpUrl.get("https://host/")))
        .hasValueSatisfying(proxy -> assertThat(proxy).hasToString("[fd00::1]:3128"));
  }

  @Test
  void lowerCaseWinsAndThePortIsCurls() {
    Proxies proxies = new Proxies(Map.of("HTTP_PROXY", "http://upper:1", "http_proxy", "lower"));
    assertThat(proxies.forUrl(HttpUrl.get("http://host/")))
        .hasValueSatisfying(proxy -> assertThat(proxy).hasToString("lower:1080"));
  }
}
