package io.dragonfly.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageNameTest {
  private static final String DIGEST = "sha256:" + "a".repeat(64);

  @ParameterizedTest
  @CsvSource({
    "alpine, registry-1.docker.io/library/alpine:latest",
    "alpine:3.20, registry-1.docker.io/library/alpine:3.20",
    "grafana/loki:3, registry-1.docker.io/grafana/loki:3",
    "docker.io/alpine, registry-1.docker.io/library/alpine:latest",
    "Quay.io/a/b_c:1.2, quay.io/a/b_c:1.2",
    "localhost/app, localhost/app:latest",
    "127.0.0.1:5000/lab/app:1, 127.0.0.1:5000/lab/app:1",
    "[::1]:5000/app, [::1]:5000/app:latest"
  })
  void aNameIsReadAsEnginesDo(String text, String full) {
    assertThat(ImageName.parse(text)).hasToString(full);
    assertThat(ImageName.parse(full)).isEqualTo(ImageName.parse(text));
  }

  @Test
  void aDigestWinsOverATag() {
    ImageName name = ImageName.parse("quay.io/a/b:1@" + DIGEST);

    assertThat(name.reference()).isEqualTo(DIGEST);
    assertThat(name).hasToString("quay.io/a/b@" + DIGEST);
  }

  @ParameterizedTest
  @CsvSource({
    "docker.io, registry-1.docker.io",
    "Index.Docker.io, registry-1.docker.io",
    "Quay.io, quay.io",
    "registry.test:5000, registry.test:5000"
  })
  void allNamesOfDockerHubAreItsRegistrys(String name, String registry) {
    assertThat(ImageName.registryOf(name)).isEqualTo(registry);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "Alpine", "a//b", "quay.io/", "a:b:c", "alpine@sha256:12", "a/../b", "a b"})
  void whatIsNoNameIsRefused(String text) {
    assertThatThrownBy(() -> ImageName.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
