package io.dragonfly.transport.http.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.dragonfly.transport.http.proxy.ProxyRule.Way;
import java.net.URI;
import java.time.Duration;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxySettingsTest {
  @Test
  void nothingNeedsToBeSet() {
    ProxyConfig config = ProxyConfig.builder().build();

    assertThat(config.listen().getAddress().isLoopbackAddress()).isTrue();
    assertThat(config.listen().getPort()).isEqualTo(65001);
    assertThat(config.registry()).isEqualTo(URI.create("https://index.docker.io"));
    assertThat(config.intercepted()).isEmpty();
    assertThat(config.connectionsPerClient()).isEqualTo(512);
    assertThat(config.allowedHosts()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "blobs=p2p | blobs | P2P | false",
        "a=b=direct | a=b | DIRECT | false",
        "x=blocked | x | BLOCKED | false",
        "^http://=p2p-https | ^http:// | P2P | true",
        "y=direct-https | y | DIRECT | true"
      })
  void aRuleIsAnExpressionAndAWay(String text, String regex, Way way, boolean https) {
    ProxyRule rule = ProxyRule.parse(text);

    assertThat(rule.url().pattern()).isEqualTo(regex);
    assertThat(rule.way()).isEqualTo(way);
    assertThat(rule.https()).isEqualTo(https);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "p2p", "=p2p", "a=", "a=fast", "a=blocked-https", "(=p2p"})
  void whatIsNoRuleIsRefused(String text) {
    assertThatThrownBy(() -> ProxyRule.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("\n");
  }

  @Test
  void anUpstreamHasANameAndMayHaveAPort() {
    assertThat(Upstream.parse("quay=https://quay.io"))
        .isEqualTo(new Upstream("quay", URI.create("https://quay.io"), 0));
    assertThat(Upstream.parse("local:65002=http://Host:5000/"))
        .isEqualTo(new Upstream("local", URI.create("http://host:5000"), 65002));
    assertThat(Upstream.parse("quay=quay.io").url()).isEqualTo(URI.create("https://quay.io"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "quay",
        "Quay=https://quay.io",
        "a/b=https://quay.io",
        "quay:=https://quay.io",
        "quay:99999=https://quay.io",
        "quay=quay",
        "quay=ftp://quay.io",
        "quay=https://quay.io/v2",
        "quay=https://user:pw@quay.io",
        "quay=https://"
      })
  void whatIsNoUpstreamIsRefused(String text) {
    assertThatThrownBy(() -> Upstream.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("pw");
  }

  @Test
  void partsThatContradictEachOtherAreRefused() {
    ProxyConfig.Builder twice =
        ProxyConfig.builder()
            .upstream(Upstream.parse("a=x.test"))
            .upstream(Upstream.parse("a=y.test"));
    assertThatThrownBy(twice::build).hasMessageContaining("two upstreams");
    assertThatThrownBy(ProxyConfig.builder().intercept(Pattern.compile("x"))::build)
        .hasMessageContaining("caFile");
    assertThatThrownBy(ProxyConfig.builder().patience(Duration.ZERO)::build)
        .hasMessageContaining("patience");
    assertThatThrownBy(ProxyConfig.builder().connections(0)::build)
        .hasMessageContaining("connections");
    assertThatThrownBy(ProxyConfig.builder().connectionsPerClient(-1)::build)
        .hasMessageContaining("connectionsPerClient");
    assertThatThrownBy(() -> ProxyConfig.builder().allowedHost("http://x"))
        .hasMessageContaining("'http://x' is no host");
  }
}
