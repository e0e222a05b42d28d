package io.dragonfly.internal.preheat;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;

class ChallengeTest {
  @Test
  void aTokenIsAskedForWithServiceAndScope() {
    assertThat(
            Challenge.token(
                List.of(
                    "Basic realm=\"x\"",
                    "Bearer realm=\"https://auth.test/token\", service=\"a b\","
                        + "scope=\"repository:x/y:pull\",error=invalid")))
        .hasValue(
            URI.create("https://auth.test/token?service=a+b&scope=repository%3Ax%2Fy%3Apull"));
  }

  @Test
  void severalChallengesMayBeInOneHeader() {
    List<String> one =
        List.of("Basic realm=\"x\", Bearer realm=https://auth.test/token?a=b,scope=s");

    assertThat(Challenge.token(one)).hasValue(URI.create("https://auth.test/token?a=b&scope=s"));
    assertThat(Challenge.hasBasic(one)).isTrue();
  }

  @Test
  void whatNamesNoPlaceAsksForNoToken() {
    for (String header :
        List.of(
            "", "Bearer", "Bearer scope=x", "Bearer realm=\"file:///etc\"", "Bearer realm=\"{\"")) {
      assertThat(Challenge.token(List.of(header))).as(header).isEmpty();
      assertThat(Challenge.hasBasic(List.of(header))).isFalse();
    }
  }
}
