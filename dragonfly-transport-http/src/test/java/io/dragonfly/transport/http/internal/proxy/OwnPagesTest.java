package io.dragonfly.transport.http.internal.proxy;

import static org.assertj.core.api.Assertions.assertThat;

import io.dragonfly.transport.http.proxy.Upstream;
import okhttp3.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is asked of the proxy itself, and what of its registry. */
class OwnPagesTest extends ProxyTest {
  @Test
  void aBrowserSeesWhatThisIsAndNoRegistryIsAsked() throws Exception {
    start(config().upstream(Upstream.parse("quay=https://quay.example")));

    try (Response response = get("/")) {
      assertThat(response.code()).isEqualTo(200);
      assertThat(response.header("Content-Type")).isEqualTo("text/plain; charset=utf-8");
      assertThat(response.body().string())
          .contains("dfdaemon", registry.url(""), "/v2/quay/", "https://quay.example", "/metrics");
    }
    try (Response response = get("/favicon.ico")) {
      assertThat(response.code()).isEqualTo(404);
    }
    assertThat(registry.requests).isEmpty();
  }

  /** Answers of registries lead to such places. */
  @Test
  void otherPagesAreThoseOfTheRegistry() throws Exception {
    registry.put("/storage/x", new byte[] {1});
    start();

    assertThat(body("/storage/x")).containsExactly(1);
  }

  /** A docker that has this mirror asks for no name, and its BuildKit for this one. */
  @ParameterizedTest
  @ValueSource(strings = {"docker.io", "index.docker.io", "registry-1.docker.io"})
  void dockerHubIsTheRegistryOfTheSettings(String name) throws Exception {
    byte[] blob = FakeRegistry.bytes(1000, 1);
    String path = registry.blob(blob);
    start();

    assertThat(body(path + "?ns=" + name)).isEqualTo(blob);
    assertThat(body("/v2/?ns=" + name)).isNotEmpty();
    assertThat(registry.asked("GET", "/v2/")).isEqualTo(1);
  }
}
