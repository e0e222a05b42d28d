package io.dragonfly.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import io.dragonfly.spi.HostRules.Verdict;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What operators say about sources. */
class HostRulesTest {
  private final HostRules rules =
      HostRules.of(
          List.of("registry.example.com", "*.Good.example.com", "10.1.2.0/24", "::1"),
          List.of("*.example.com", "example.com", "10.0.0.0/8", "fd00::/8"));

  @ParameterizedTest
  @CsvSource({
    "registry.example.com, ALLOWED",
    "REGISTRY.example.com., ALLOWED",
    "a.good.example.com, ALLOWED",
    "good.example.com, DENIED",
    "x.registry.example.com, DENIED",
    "example.com, DENIED",
    "badexample.com, UNSAID",
    "example.com.evil.org, UNSAID",
    "10.0.0.1, UNSAID"
  })
  void namesAreHeldAgainstPatterns(String name, Verdict verdict) {
    assertThat(rules.ofName(name)).isEqualTo(verdict);
  }

  @ParameterizedTest
  @CsvSource({
    "10.1.2.3, ALLOWED",
    "10.1.3.3, DENIED",
    "11.0.0.1, UNSAID",
    "::1, ALLOWED",
    "fd12::1, DENIED",
    "::ffff:10.1.3.3, DENIED",
    "2001:db8::1, UNSAID"
  })
  void addressesAreHeldAgainstNetworks(String address, Verdict verdict) {
    assertThat(rules.ofAddress(InetAddresses.forString(address))).isEqualTo(verdict);
  }

  @Test
  void aStarIsEveryName() {
    HostRules closed = HostRules.of(List.of("a.example"), List.of("*"));
    assertThat(closed.ofName("b.example")).isEqualTo(Verdict.DENIED);
    assertThat(closed.ofName("2130706433")).isEqualTo(Verdict.DENIED);
    assertThat(closed.ofName("a.example")).isEqualTo(Verdict.ALLOWED);
  }

  @Test
  void theLogTellsWhichSourcesAreRead() {
    String usual = "sources in private networks are read for all clients with a private address";
    assertThat(HostRules.none().toString())
        .contains(usual, "source-allow: nothing, source-deny: nothing");
    assertThat(HostRules.of(List.of(), List.of("10.0.0.0/8", "*.example.com")).toString())
        .contains(usual, "source-allow: nothing, source-deny: *.example.com, 10.0.0.0/8");

    assertThat(HostRules.of(List.of(), List.of("*")).toString())
        .contains("no source is read at all")
        .doesNotContain("are read for all clients");
    assertThat(HostRules.of(List.of("a.example", "10.0.0.0/8"), List.of("*")).toString())
        .contains("only the sources that source-allow names are read")
        .contains("source-allow: a.example, 10.0.0.0/8, source-deny: *")
        .doesNotContain("are read for all clients");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "10.0.0.0/33", "a b", "http://host", "*.*", "a*", "/8", "-x"})
  void anythingElseIsAnError(String entry) {
    assertThatThrownBy(() -> HostRules.of(List.of(), List.of(entry)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("'" + entry + "'");
  }

  @Test
  void aUrlIsToldWhatMayStandThere() {
    assertThatThrownBy(() -> HostRules.of(List.of("http://host"), List.of()))
        .hasMessageContaining("nor a pattern of host names such as *.example.com");
  }
}
