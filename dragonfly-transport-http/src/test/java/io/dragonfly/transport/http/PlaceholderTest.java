package io.dragonfly.transport.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PlaceholderTest {
  @Test
  void keepsItsName() {
    assertThat(new Placeholder("a").name()).isEqualTo("a");
  }
}
